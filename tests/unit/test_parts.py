"""The benchmark of single steps times two ways that do the same, and no others."""

import click
import pytest
import torch

from benchmarks.parts import PARTS, ensure_same


@pytest.mark.parametrize("name", PARTS)
def test_both_ways_do_the_same(name: str) -> None:
    torch.manual_seed(0)
    with torch.set_grad_enabled(name == "softmax"):
        ensure_same(name, *PARTS[name]())


def test_two_ways_that_differ_are_not_timed() -> None:
    with pytest.raises(click.ClickException, match=r"lists: both ways differ by 0.100"):
        ensure_same("lists", lambda: torch.tensor([0.0, 10.0]), lambda: torch.tensor([1.0, 10.0]))
