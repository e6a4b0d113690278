"""Events of feedback: what is taken, and each kind of what is not, with its sentence."""

from pathlib import Path

import pytest
from hypothesis import given

from kgrec.errors import KgrecError
from kgrec.feedback.events import Event, event, read_events
from tests.unit.hostile import TEXTS


def read(path: Path, text: str | bytes) -> list[tuple[str, Event]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_events(path))


def test_a_line_each_with_its_number_and_whatever_time(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [
        '\ufeff{"user_id": 7, "kind": "interaction", "item_id": "i", "timestamp": 1400000000, "rating": 4}',
        "",
        '{"user_id": "u", "kind": "like", "item_id": "i", "timestamp": 1400000000000}',
        '{"user_id": "u", "kind": "dislike", "item_id": "i", "timestamp": "2014-05-13T18:53:20+02:00"}\r',
        '{"user_id": "u", "kind": "interest", "interest": "dbr:Salt", "timestamp": "2014-05-13 16:53:20"}',
        '{"user_id": "u", "kind": "like", "item_id": "i", "timestamp": null, "rating": null}',
    ]
    found = read(path, "\n".join(lines))
    assert [where for where, _ in found] == [f"{path}, line {n}" for n in (1, 3, 4, 5, 6)]
    assert [one.timestamp for _, one in found] == [1_400_000_000_000] * 4 + [None]
    assert found[0][1] == Event("7", "interaction", "i", timestamp=1_400_000_000_000, rating=4.0)
    assert found[3][1].interest == "dbr:Salt"


GOOD = '{"user_id": "u", "kind": "like", "item_id": "i"}'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Invalid JSON"),
        ("[1]", "Input should be an object"),
        (b'{"user_id": "\xff", "kind": "like", "item_id": "i"}', "Invalid JSON"),
        ('{"user_id": "\\ud800", "kind": "like", "item_id": "i"}', "Invalid JSON"),
        ('{"kind": "like", "item_id": "i"}', "'user_id': Field required"),
        ('{"user_id": " ", "kind": "like", "item_id": "i"}', "'user_id': it is blank"),
        ('{"user_id": true, "kind": "like", "item_id": "i"}', "'user_id': Input should be a valid string"),
        ('{"user_id": "u", "kind": "love", "item_id": "i"}', "'kind': Input should be 'interaction', 'like'"),
        ('{"user_id": "u", "kind": "like"}', "an event of kind 'like' needs 'item_id'"),
        ('{"user_id": "u", "kind": "interest", "item_id": "i"}', "an event of kind 'interest' needs 'interest'"),
        ('{"user_id": "u", "kind": "like", "item_id": "i", "interest": "x"}', "'like' has no 'interest'"),
        ('{"user_id": "u", "kind": "like", "item_id": "i", "rating": 1}', "'like' has no 'rating'"),
        ('{"user_id": "u", "kind": "interaction", "item_id": "i", "rating": NaN}', "should be a finite number"),
        ('{"user_id": "u", "kind": "like", "item_id": "i", "timestamp": "soon"}', "'timestamp': it is no time"),
        ('{"user_id": "u", "kind": "like", "item_id": "i", "timestamp": 1e18}', "no time of the years 1 to 9999"),
        ('{"user_id": "u", "kind": "like", "item_id": "i", "more": 1}', "'more': Unexpected"),
        (f'{{"user_id": "{"u" * 1001}", "kind": "like", "item_id": "i"}}', "it is longer than 1,000 characters"),
        (" " * 2**20 + GOOD, "longer than 1 MiB"),
    ],
)  # fmt: skip
def test_a_line_that_holds_no_event_is_named(tmp_path: Path, line: str | bytes, told: str) -> None:
    path = tmp_path / "events.jsonl"
    broken = line if isinstance(line, bytes) else line.encode()
    with pytest.raises(KgrecError) as refused:
        read(path, GOOD.encode() + b"\n" + broken)
    assert str(refused.value).startswith(f"{path}, line 2: ") and told in str(refused.value)
    assert str(refused.value).endswith(".") and len(str(refused.value)) < 400


@given(TEXTS, TEXTS)
def test_hostile_text_is_an_id_or_is_refused(user: str, item: str) -> None:
    try:
        made = event("Here", user_id=user, kind="like", item_id=item)
    except KgrecError:
        return
    assert (made.user_id, made.item_id) == (user, item) and user.strip() and item.strip() and (user + item).encode()
