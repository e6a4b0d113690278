"""What the managed Neo4j answers, and to whom: where it is reached, whether it is up, who is connected."""

from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

import psutil
from neo4j import GraphDatabase

from kgrec.server.checks import LOOPBACK, listens
from kgrec.server.process import Options


@dataclass(frozen=True)
class Connection:
    """How to reach the running server."""

    uri: str
    user: str
    password: str = field(repr=False)
    browser: str


def versions(connection: Connection) -> tuple[str, str]:
    """Ask Bolt for the versions of Neo4j and GDS, once: an answer means that both are up."""
    with (
        GraphDatabase.driver(connection.uri, auth=(connection.user, connection.password)) as driver,
        driver.session(database="neo4j") as session,
    ):
        gds = session.run("RETURN gds.version()").single(strict=True).value()
        kernel = session.run(
            "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"
        )
        neo4j = kernel.single(strict=True).value()
    return neo4j, gds


def serves_both(process: psutil.Process, options: Options) -> bool:
    """Whether it is this process that listens on both of its ports."""
    try:
        return listens(process, options.bolt_port) and listens(process, options.http_port)
    except psutil.Error:  # it has just ended
        return False


def serves_browser(port: int) -> bool:
    """Whether Browser is served on this port."""
    client = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        client.request("GET", "/browser/")
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def others_connected(process: psutil.Process, port: int) -> list[str]:
    """Name the processes, beside this one, that are connected to a port of a server."""
    mine = _local_ports()
    try:
        places = process.net_connections("tcp")
    except psutil.Error:  # it has just ended
        return []
    peers = {
        place.raddr.port for place in places if place.status == psutil.CONN_ESTABLISHED and place.laddr.port == port
    }
    return sorted(_name_of(peer) for peer in peers - mine - _local_ports())  # a heartbeat may have come between


def _local_ports() -> set[int]:
    return {place.laddr.port for place in psutil.Process().net_connections("tcp")}


def _name_of(port: int) -> str:
    """Name the process that connects from a local port."""
    try:
        for place in psutil.net_connections("tcp"):
            if place.laddr and place.laddr.port == port and place.pid:
                return f"{psutil.Process(place.pid).name()} (process {place.pid})"
    except psutil.Error:
        pass  # other users' processes are not ours to see
    return "another user's process"
