"""What 10^9 interactions need, on paper, from measured constants: the tables of docs/guides/past-one-machine.md.

    python -m benchmarks.billion measure     # the constants that a processor alone gives
    python -m benchmarks.billion page        # computes the page's table anew from the table of constants in it

The constants stand in the page, once. A test holds the computed table to them.
"""

import math
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import numpy as np
import scipy.sparse as sp
import torch

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "past-one-machine.md"
CONSTANT = re.compile(r"^\| `(\w+)` \| ([\d.,e+]+) \|", re.MULTILINE)
COMPUTED = re.compile(r"(?<=<!-- computed -->\n\n).*?(?=\n\n<!-- end -->)", re.DOTALL)
SIZES = (10**7, 10**8, 10**9)  # interactions
GIGA = 1e9
HOUR = 3_600.0


def constants(page: str) -> dict[str, float]:
    """Read the table of constants: rows that begin with a name in backticks and a number."""
    return {name: float(value.replace(",", "")) for name, value in CONSTANT.findall(page)}


def needs(n: int, c: Mapping[str, float]) -> dict[str, str]:
    """Compute what ``n`` interactions need, by what it is called in the page."""
    users, items = n * c["users_an_interaction"], n * c["items_an_interaction"]
    store = n * c["store_interaction"] + (users + items) * c["store_node"]
    vectors = (users * c["persona_dim"] + items * c["text_dim"]) * 4 * c["vector_overhead"]
    projection = n * c["gds_relationship"] + (users + items) * c["gds_node"]
    heap, cache = 1.5 * projection + GIGA, store + vectors
    positions = min(n, users * c["length"]) * c["sasrec_epochs"]
    table = items * c["dim"] * 4
    training = positions * position_flops(c) / (c["flops_core"] * c["flops_share"])
    hdgi = 2 * n * c["meta_paths"] * c["hdgi_epochs"] * 2 / c["edges_core"]  # there and back, forward and backward
    lists = users * items / c["scores_core"]
    return {
        "users; items": f"{users:,.0f}; {items:,.0f}",
        "store on disk, vectors with their indexes in it": size(cache),
        "memory of the database server: heap, page cache": f"{size(heap)}, {size(cache)}",
        "load, `--bulk`": hours(n / c["load_bulk"]),
        "load, online, one process": hours(n / c["load_online"]),
        "load, Spark": hours(n / c["load_spark"]),
        "splits and sessions": hours(n / c["split"]),
        "stream to arrays, once": hours(n / c["stream"]),
        "sequences read in their order, once": hours(n / c["sequences"]),
        "arrays of the sequences in a trainer": size(n * c["sequence_interaction"]),
        "personas (HDGI), core hours": f"{hdgi / HOUR:,.0f}",
        "personas, memory of the trainer": size(2 * n * c["edge"] + (users + items) * c["dim"] * 4 * c["activations"]),
        "SASRec, core hours a fit": f"{training / HOUR:,.0f}",
        "SASRec, item table with gradient and Adam, a process": size(4 * table),
        "`torchrun` machines of 32 cores for a fit in a day": machines(training / c["efficiency"], 32, 24),
        "lists for all users, exact, core hours": f"{lists / HOUR:,.0f}",
        "Ray workers of a core for all lists in 8 hours": machines(lists, 1, 8),
        "memory of a worker": size(table + items * c["tables_item"]),
    }


def position_flops(c: Mapping[str, float]) -> float:
    """Floating point operations to train one position: products of matrices, forward and twice as many backward.

    Four projections and two layers of the width in a block, attention over the length, logits of negatives and target.
    """
    d, length = c["dim"], c["length"]
    return 3 * 2 * (c["blocks"] * (6 * d * d + 2 * length * d) + d * (c["negatives"] + 1))


def size(count: float) -> str:
    """Bytes in gigabytes, as memory is bought."""
    return f"{max(0.1, count / GIGA):,.1f} GB" if count < 10 * GIGA else f"{count / GIGA:,.0f} GB"


def hours(seconds: float) -> str:
    """Seconds in hours, or in minutes where that says more."""
    return f"{seconds / 60:,.0f} min" if seconds < HOUR else f"{seconds / HOUR:,.1f} h"


def machines(seconds: float, cores: int, within: float) -> str:
    """How many machines do so many core seconds within so many hours."""
    return f"{math.ceil(seconds / (cores * within * HOUR)):,}"


def computed(page: str) -> str:
    """The computed table of a page, from its constants."""
    found = [needs(n, constants(page)) for n in SIZES]
    head = "| interactions | " + " | ".join(f"10^{round(math.log10(n))}" for n in SIZES) + " |"
    rows = [f"| {name} | " + " | ".join(one[name] for one in found) + " |" for name in found[0]]
    return "\n".join([head, "|---" * (len(SIZES) + 1) + "|", *rows])


def measured() -> dict[str, float]:
    """The rates of one core: operations of matrix products, edges of a sparse product, scores with the best of them."""
    torch.set_num_threads(1)
    dim, n = 64, 1_000_000
    random = np.random.default_rng(0)
    a, b = torch.randn(8_192, dim), torch.randn(dim, dim)
    graph = sp.csr_matrix(
        (np.ones(5 * n, dtype=np.float32), (random.integers(0, n // 10, 5 * n), random.integers(0, n // 10, 5 * n)))
    )
    states, items, asked = random.random((graph.shape[1], dim), np.float32), torch.randn(dim, n), torch.randn(16, dim)
    return {
        "flops_core": 2 * a.shape[0] * dim * dim / best(lambda: a @ b, 200),
        "edges_core": graph.nnz / best(lambda: graph @ states, 3),
        "scores_core": len(asked) * n / best(lambda: (asked @ items).topk(200), 5),
    }


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of some repetitions: the others were disturbed."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


@click.group()
def main() -> None:
    """Constants and what follows from them."""


@main.command()
def measure() -> None:
    """Print the constants that a processor alone gives."""
    for name, value in measured().items():
        print(f"| `{name}` | {value:.2e} |")


@main.command()
def page() -> None:
    """Write the computed table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(COMPUTED.sub(lambda _: computed(text), text), encoding="utf-8")


if __name__ == "__main__":
    main()
