"""One peer, one seed, in that peer's environment: ``python -m benchmarks.peers PEER --dataset DIR --out OUT --seed N``.

`benchmarks.peers.run` makes the environment and calls this in it.
"""

import argparse
import os
from pathlib import Path

from benchmarks.peers.split import Split
from benchmarks.peers.two_fits import Peer, run


def chosen(name: str, checkout: Path | None) -> Peer:
    """Return a peer; only its own library is imported."""
    if name == "gsasrec":
        from benchmarks.peers import with_gsasrec

        if checkout is None:
            raise SystemExit("gsasrec needs --checkout, a checkout of asash/gSASRec-pytorch.")
        return with_gsasrec.peer(checkout)
    if name == "recbole-sasrec":
        from benchmarks.peers import with_recbole

        return with_recbole.peer()
    from benchmarks.peers import with_rectools

    return with_rectools.peer(with_rectools.SASREC if name == "rectools-sasrec" else with_rectools.ESASREC)


def main() -> None:
    """Run one peer and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("peer", choices=["rectools-sasrec", "rectools-esasrec", "gsasrec", "recbole-sasrec"])
    parser.add_argument("--dataset", type=Path, required=True, help="A data set that kgrec saved.")
    parser.add_argument("--out", type=Path, required=True, help="Folder for ranks and record.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=200, help="At most so many.")
    parser.add_argument("--checkout", type=Path, help="For gsasrec.")
    given = parser.parse_args()
    split, out, checkout = Split.load(given.dataset), given.out.resolve(), given.checkout and given.checkout.resolve()
    # RecBole writes its logs into the working directory.
    (out / "logs").mkdir(parents=True, exist_ok=True)
    os.chdir(out / "logs")
    outcome = run(chosen(given.peer, checkout), given.peer, split, out, given.seed, given.epochs)
    print(
        f"{given.peer}, seed {given.seed}: {outcome.epochs} epochs, HR@10 {outcome.hr_at_10:.4f}, "
        f"HR@100 {outcome.hr_at_100:.4f}, NDCG@10 {outcome.ndcg_at_10:.4f}, unranked {outcome.unranked:.4f}, "
        f"{outcome.validation_cpu_seconds:.0f} and {outcome.test_cpu_seconds:.0f} CPU seconds"
    )


if __name__ == "__main__":
    main()
