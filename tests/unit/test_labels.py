"""Labels guessed from the ids of entities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgloader.labels import guessed_label

RESOURCE = "http://dbpedia.org/resource/"


@pytest.mark.parametrize(
    ("uri", "label"),
    [
        (f"{RESOURCE}Hollow_Bell", "Hollow Bell"),
        (f"{RESOURCE}Category:Salt_mines", "Salt mines"),
        (f"{RESOURCE}Star_Wars:_Episode_IV", "Star Wars: Episode IV"),
        (f"{RESOURCE}Caf%C3%A9_de_Flore", "Café de Flore"),
        (f"{RESOURCE}Face%2FOff", "Face/Off"),
        (f"{RESOURCE}100%", "100%"),
        ("http://example.org/onto#Salt_mines", "Salt mines"),
        (f"{RESOURCE}Hollow_Bell/", "Hollow Bell"),
        ("http://example.org/Salt_mines#", "Salt mines"),
        ("http://example.org/", "example.org"),
        ("res:Hollow_Bell", "Hollow Bell"),
        ("cat:Salt_mines", "Salt mines"),
        ("res:Category:Salt_mines", "Salt mines"),
        ("res:Caf%C3%A9", "Café"),
        ("m.0dyb1", "m.0dyb1"),
        ("m.0dy_b1", "m.0dy_b1"),
        ("/m/0dy_b1", "/m/0dy_b1"),
        ("http://rdf.freebase.com/ns/m.0dy_b1", "m.0dy_b1"),
        ("fb:m.0dy_b1", "m.0dy_b1"),
        ("Star_Wars:_Episode_IV", "Star_Wars:_Episode_IV"),  # no CURIE, and no id whose form is known
        ("Batman: Year One", "Batman: Year One"),
        ("1234", "1234"),
    ],
)
def test_what_an_id_tells(uri: str, label: str) -> None:
    assert guessed_label(uri) == label


@pytest.mark.parametrize(
    ("uri", "label"),
    [
        ("res:", "res:"),
        ("res:____", "res:____"),
        ("http://", "http:"),
        (f"{RESOURCE}Category:", f"{RESOURCE}Category:"),
        (f"{RESOURCE}%20_%0A", f"{RESOURCE}%20_%0A"),
        (f"{RESOURCE}%00Bell%0A%1B[31m", "Bell [31m"),  # nothing that ends a line or speaks to a terminal
        (f"{RESOURCE}%FF%FE", "\ufffd\ufffd"),
        (f"{RESOURCE}'}})_DETACH_DELETE_n_//", "'}) DETACH DELETE n"),
    ],
)
def test_ids_with_nothing_to_read_or_something_to_fear(uri: str, label: str) -> None:
    assert guessed_label(uri) == label


@given(st.text(min_size=1), st.sampled_from(["", "res:", "cat:", RESOURCE, "http://e#"]))
def test_every_id_has_a_label(name: str, prefix: str) -> None:
    label = guessed_label(prefix + name)
    assert label and (label.strip() or not (prefix + name).strip())
