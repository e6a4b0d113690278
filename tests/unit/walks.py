"""Meta-paths of a small graph, walked one relationship after the other: no matrix."""

import math
from collections import Counter, defaultdict

import networkx as nx
import numpy as np
import pandas as pd

from gnn.relationships import Relationships

COLUMNS = ["sourceNodeId", "targetNodeId", "relationshipType"]
USERS = np.array([10, 11, 12, 13])
RELATIONSHIPS = pd.DataFrame(
    [
        (10, 20, "INTERACTED"),
        (10, 21, "INTERACTED"),
        (11, 21, "INTERACTED"),
        (12, 22, "INTERACTED"),
        (20, 30, "BY"),
        (22, 30, "BY"),
        (21, 31, "IN_CATEGORY"),
    ],
    columns=COLUMNS,
)

Weights = dict[tuple[int, int], float]  # of two nodes


def by_type(rows: pd.DataFrame | list[tuple[int, int, str]]) -> dict[str, Relationships]:
    """The same relationships as arrays, of each type; rows hold source, target and type, or a split, or a fit."""
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return {
        str(name): Relationships.of(mine["sourceNodeId"].to_numpy(), mine["targetNodeId"].to_numpy())
        for name, mine in frame.groupby("relationshipType")
    }


def of_chance(n_users: int = 14, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Users, the last of them without a relationship, items and features; some relationships twice, by two types."""
    generator = np.random.default_rng(seed)
    users, items, features = np.arange(n_users), 100 + np.arange(12), 200 + np.arange(6)
    rows = [(int(user), int(item), "INTERACTED") for user in users[:-1] for item in generator.choice(items, 3, False)]
    rows += [(int(item), int(feature), "BY") for item in items[:-3] for feature in generator.choice(features, 2, False)]
    rows += [(source, target, "MADE_BY") for source, target, kind in rows if kind == "BY" and source % 2]
    return users, pd.DataFrame(rows, columns=COLUMNS)


def counted(users: np.ndarray, relationships: pd.DataFrame, path: str) -> Weights:
    """Instances of a meta-path from user to user, there and back, those of a user with itself among them."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(users.tolist())
    for source, target, kind in relationships.itertuples(index=False):
        graph.add_edge(source, target, kind=kind)
    outwards = [(graph.out_edges, 1, set(step.split("|"))) for step in path.split(" > ")]
    back = [(graph.in_edges, 0, kinds) for _, _, kinds in reversed(outwards)]
    found: Weights = {}
    for user in users.tolist():
        ends = [user]
        for edges, end, kinds in [*outwards, *back]:
            ends = [edge[end] for node in ends for edge in edges(node, data="kind") if edge[2] in kinds]
        found |= {(user, other): float(count) for other, count in Counter(ends).items()}
    return found


def weighed(users: np.ndarray, relationships: pd.DataFrame, path: str) -> Weights:
    """Sum the instances, each the product of its steps' weights: one over the root of the degrees at both ends."""
    steps = [set(step.split("|")) for step in path.split(" > ")]
    ways: dict[int, dict[int, float]] = {user: {user: 1.0} for user in users.tolist()}
    level = set(ways)
    for kinds in steps:
        edges = [
            (source, target)
            for source, target, kind in relationships.itertuples(index=False)
            if kind in kinds and source in level
        ]
        outwards, inwards = Counter(source for source, _ in edges), Counter(target for _, target in edges)
        for user, reached in ways.items():
            further: dict[int, float] = defaultdict(float)
            for source, target in edges:
                further[target] += reached.get(source, 0.0) / math.sqrt(outwards[source] * inwards[target])
            ways[user] = further
        level = set(inwards)
    return {
        (user, other): sum(weight * ways[other].get(node, 0.0) for node, weight in reached.items())
        for user, reached in ways.items()
        for other in ways
    }
