"""RecTools' SASRec, an epoch whenever it is asked for one; `benchmarks.training` starts this in RecTools' environment.

    python -m benchmarks.peers.rectools_epochs HISTORIES.npz --length 50 --seed 1

A line on the standard input asks for an epoch; the answer is a line of JSON, the last of what is printed for it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.peers.with_rectools import SASREC, RecToolsFit
from benchmarks.training_data import Histories, judged


def main() -> None:
    """Answer with seconds, processor seconds and what the model then makes of the last items."""
    parser = argparse.ArgumentParser()
    parser.add_argument("histories", type=Path)
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    histories = Histories.load(given.histories)
    fit = RecToolsFit({**SASREC, "session_max_len": given.length}, histories.before, histories.n_items, given.seed)
    for _ in sys.stdin:
        start, used = time.perf_counter(), time.process_time()
        fit.train_epoch()
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        scores = fit.scores([np.asarray(one) for one in histories.asked])
        loss, gain = judged(scores, histories.wanted)
        answer = {"seconds": seconds, "processor": processor, "loss": loss, "ndcg": gain}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
