"""The epoch loop: early stopping, exact resumption, honest refusal."""

import hashlib
import io
import pickle
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.training.checkpoint import HEADER_BYTES, Checkpoint
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.checkpoint import save as save_checkpoint
from kgrec.training.fingerprint import fingerprint
from kgrec.training.loop import History, fit


class Regression:
    """Dropout and shuffling make each epoch depend on the random state; ``dies_at`` breaks one epoch."""

    def __init__(self, dies_at: int | None = None, scores: list[float] | None = None):
        torch.manual_seed(0)
        self.model: torch.nn.Module = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1)
        )
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(self.model.parameters())
        self.x = torch.randn(32, 4)
        self.dies_at, self.scores, self.epoch = dies_at, scores, 0

    def train_epoch(self, epoch: int) -> float:
        if epoch == self.dies_at:
            raise KeyboardInterrupt
        self.epoch = epoch
        loss = torch.zeros(())
        for batch in torch.split(torch.randperm(32), 8):
            loss = (self.model(self.x[batch]) - self.x[batch].sum(1, keepdim=True)).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return loss.item()

    def validate(self) -> float:
        if self.scores is not None:
            return self.scores[self.epoch]
        return -float((self.model(self.x) - self.x.sum(1, keepdim=True)).square().mean())


def run(trainable: Regression, path: Path, **changes: object) -> History:
    options: dict[str, object] = {
        "epochs": 8,
        "patience": 3,
        "seed": 3,
        "fingerprint": "a",
        "settings": {},
        "label": "test",
    }
    return fit(trainable, checkpoint=path, **(options | changes))  # type: ignore[arg-type]


def test_resumed_run_equals_uninterrupted_run(tmp_path: Path) -> None:
    whole, broken, resumed = Regression(), Regression(dies_at=5), Regression()
    full = run(whole, tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        run(broken, tmp_path / "cut.pt")
    history = run(resumed, tmp_path / "cut.pt")
    assert history.resumed_at == 5
    assert history.losses == full.losses and history.scores == full.scores
    for mine, theirs in zip(resumed.model.state_dict().values(), whole.model.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


def test_stops_after_patience_and_keeps_best_weights(tmp_path: Path) -> None:
    trainable = Regression(scores=[0.1, 0.5, 0.4, 0.3, 0.2, 0.9, 0.9, 0.9])
    history = run(trainable, tmp_path / "a.pt")
    assert history.best_epoch == 1 and len(history.scores) == 5
    stored = load_checkpoint(tmp_path / "a.pt")
    assert stored is not None and stored["finished"]
    first_two = Regression(scores=[0.1, 0.5])
    run(first_two, tmp_path / "b.pt", epochs=2)
    for mine, theirs in zip(trainable.model.state_dict().values(), first_two.model.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


def test_finished_checkpoint_is_not_trained_again(tmp_path: Path) -> None:
    run(Regression(), tmp_path / "a.pt")
    again = Regression(dies_at=0)
    assert run(again, tmp_path / "a.pt").resumed_at > 0


def test_other_fingerprint_is_refused_unless_fresh(tmp_path: Path) -> None:
    run(Regression(), tmp_path / "a.pt")
    with pytest.raises(KgrecError, match="other settings or on another graph"):
        run(Regression(), tmp_path / "a.pt", fingerprint="b")
    run(Regression(), tmp_path / "a.pt", fingerprint="b", fresh=True)


def other_version(content: bytes) -> bytes:
    """Return the file as a later kgrec would write it, with its own checksum."""
    body = content[HEADER_BYTES:]
    return b"kgrec checkpoint 0002 " + hashlib.sha256(b"2\n" + body).hexdigest().encode() + b"\n" + body


def with_weights_that_are_no_numbers(content: bytes) -> bytes:
    stored = torch.load(io.BytesIO(content[HEADER_BYTES:]))
    stored["best_model"]["0.bias"][3] = float("inf")
    return torch_file(stored)


def torch_file(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: b"no checkpoint", "is not a readable checkpoint of kgrec: train it again with --fresh"),
        (lambda _: b"", "is not a readable checkpoint"),
        (lambda _: pickle.dumps({"fingerprint": "a"}), "is not a readable checkpoint"),
        (lambda _: torch_file({"state_dict": {"w": torch.ones(3)}}), "is not a readable checkpoint"),
        (
            lambda _: torch_file({"fingerprint": "a", "settings": [], "finished": True, "best_model": {}}),
            "is not a readable checkpoint",
        ),
        (lambda _: torch_file([1, 2]), "is not a readable checkpoint"),
        (lambda _: torch_file(Regression()), "is not a readable checkpoint"),  # anything but weights is not unpickled
        (lambda content: content[:-1], "is damaged, as its checksum tells: train it again with --fresh"),
        (lambda content: content[: HEADER_BYTES + 3], "is damaged"),
        (lambda content: content[: HEADER_BYTES - 3], "is not a readable checkpoint"),
        (lambda content: content + b"\n", "is damaged"),
        (with_weights_that_are_no_numbers, "holds weights that are not numbers: train it again with --fresh"),
        (other_version, "A later kgrec wrote .*, in format 2: update kgrec, or train with --fresh"),
    ],
)
def test_what_is_no_sound_checkpoint_is_named(tmp_path: Path, change: Callable[[bytes], bytes], sentence: str) -> None:
    path = tmp_path / "a.pt"
    run(Regression(), path, epochs=1)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(KgrecError, match=sentence) as caught:
        run(Regression(), path, epochs=1)
    assert str(path) in str(caught.value)
    run(Regression(), path, epochs=1, fresh=True)


def without_losses(stored: Checkpoint) -> None:
    del stored["losses"]


def of_other_shape(name: str) -> Callable[[Checkpoint], None]:
    return lambda stored: stored[name].update({"0.bias": torch.zeros(3)})


def with_moments_of_other_shape(stored: Checkpoint) -> None:
    stored["optimizer"]["state"][0]["exp_avg"] = torch.zeros(3)


@pytest.mark.parametrize("epochs", [1, 8])  # finished, or to be gone on with
@pytest.mark.parametrize(
    "change",
    [
        without_losses,
        of_other_shape("model"),
        of_other_shape("best_model"),
        with_moments_of_other_shape,
        lambda stored: stored.update(losses=["x"]),
        lambda stored: stored.update(scores=[]),
        lambda stored: stored.update(best_epoch=7),
        lambda stored: stored.update(optimizer=[]),
        lambda stored: stored["optimizer"].update(param_groups=[]),
    ],
)
def test_sound_checkpoints_of_foreign_content_are_named(
    tmp_path: Path, change: Callable[[Checkpoint], None], epochs: int
) -> None:
    path = tmp_path / "a.pt"
    with suppress(KeyboardInterrupt):
        run(Regression(dies_at=1), path, epochs=epochs)
    stored = load_checkpoint(path)
    assert stored is not None
    change(stored)
    save_checkpoint(path, stored)
    with pytest.raises(KgrecError, match=f"{path} .* kgrec.*: train it again with --fresh"):
        run(Regression(), path, epochs=epochs)


def test_one_bit_anywhere_makes_a_checkpoint_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    run(Regression(), path, epochs=1)
    whole = path.read_bytes()
    for place in [*range(HEADER_BYTES), *range(HEADER_BYTES, len(whole), 7)]:
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(KgrecError, match=r"a\.pt is (damaged|not a readable checkpoint)"):
            load_checkpoint(path)


def test_a_checkpoint_of_before_there_were_checksums_is_read(tmp_path: Path) -> None:
    run(Regression(), tmp_path / "a.pt", epochs=1)
    (tmp_path / "a.pt").write_bytes((tmp_path / "a.pt").read_bytes()[HEADER_BYTES:])
    assert run(Regression(), tmp_path / "a.pt", epochs=1).resumed_at == 1


def test_loss_that_is_no_number_is_said(tmp_path: Path) -> None:
    trainable = Regression()
    trainable.x[0, 0] = float("nan")
    with pytest.raises(KgrecError, match="not a number in epoch 1"):
        run(trainable, tmp_path / "a.pt")


@pytest.mark.parametrize("room", [10, 1_000, -100])
def test_failed_write_keeps_the_old_checkpoint(tmp_path: Path, room: int) -> None:
    """In the head, in what torch writes, and at its end; torch says of it "unexpected pos 832 vs 726"."""
    path = tmp_path / "a.pt"
    run(Regression(), path, epochs=1)
    before, checkpoint = path.read_bytes(), load_checkpoint(path)
    assert checkpoint is not None
    with file_size_limit(room % len(before)), pytest.raises(KgrecError) as error:
        save_checkpoint(path, checkpoint)
    assert str(error.value) == (
        f"The checkpoint {path} cannot be written (File too large): what was saved before is kept, and the same "
        "command goes on from there."
    )
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "training-sasrec.json"
    with file_size_limit(10), pytest.raises(OSError, match="File too large") as error, replacing(path) as draft:
        draft.write_text("longer than that")
    assert error.value.filename == str(path) and not list(tmp_path.iterdir())


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let writes fail behind so many bytes of a file, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


ONE_TO_SIX = np.arange(1, 7, dtype=np.int32)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("b", "a")),
        ((["ab", "c"],), (["a", "bc"],)),
        ((["a", ["b", "c"]],), ([["a", "b"], "c"],)),
        ((["a"], ["b"]), (["a", "b"],)),
        ((1,), ("1",)),
        (({"dim": 1},), ({"dim": 2},)),
        ((ONE_TO_SIX,), (ONE_TO_SIX[::-1],)),
        ((ONE_TO_SIX,), (ONE_TO_SIX.astype(np.int64),)),
        ((ONE_TO_SIX,), (ONE_TO_SIX.astype(np.uint32),)),
        ((ONE_TO_SIX.reshape(2, 3),), (ONE_TO_SIX.reshape(3, 2),)),
        ((ONE_TO_SIX[:3], ONE_TO_SIX[3:]), (ONE_TO_SIX[:2], ONE_TO_SIX[2:])),
        ((np.array([True, False]),), (np.array([1, 0], dtype=np.uint8),)),
    ],
)
def test_other_parts_have_another_fingerprint(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def test_equal_parts_have_the_same_fingerprint_however_they_lie_in_memory() -> None:
    table = np.arange(12).reshape(3, 4)
    assert fingerprint("a", [table, None]) == fingerprint("a", [np.asfortranarray(table), None])
    assert fingerprint(table[:, ::2]) == fingerprint(np.array([[0, 2], [4, 6], [8, 10]]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.complex64])
def test_floats_are_no_part_of_a_fingerprint(dtype: type[np.generic]) -> None:
    with pytest.raises(TypeError, match="no part of a fingerprint"):
        fingerprint("settings", [np.zeros(3, dtype=dtype)])


def test_fingerprint_reads_a_large_array_in_place() -> None:
    large = np.zeros((2_000, 1_000), dtype=np.int64)  # 16 MB
    tracemalloc.start()
    try:
        fingerprint(large, [large, large[:1_000]])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
