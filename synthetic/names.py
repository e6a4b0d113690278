"""Made-up names, composed of syllables and word lists: no real author, book or publisher is meant."""

from collections.abc import Callable

import numpy as np

GENRES = (
    "Mystery", "Romance", "Fantasy", "Science Fiction", "Historical", "Thriller", "Adventure", "Horror",
    "Biography", "Travel", "Humor", "Poetry",
)  # fmt: skip
THEMES = (
    "Lighthouses", "Volcanoes", "Clockmakers", "Beekeeping", "Polar expeditions", "Chess", "Cartography",
    "Opera", "Shipwrecks", "Circuses", "Glassblowing", "Falconry", "Railways", "Codebreaking", "Orchids",
    "Deserts", "Monasteries", "Smugglers", "Observatories", "Silk trade", "Tea houses", "Puppetry",
    "Mountaineering", "River deltas", "Salt mines", "Windmills", "Whaling", "Perfume", "Duels",
    "Botanical gardens", "Earthquakes", "Carnivals", "Submarines", "Vineyards", "Balloonists", "Masquerades",
    "Islands", "Wolves", "Violin makers", "Archives",
)  # fmt: skip
COUNTRIES = ("Iceland", "Portugal", "Japan", "Chile", "Morocco", "Norway", "Scotland", "Greece", "Peru", "Vietnam")
STARTS = (
    "Al",
    "Bren",
    "Cor",
    "Da",
    "El",
    "Fen",
    "Gar",
    "Hal",
    "Is",
    "Jor",
    "Kal",
    "Lor",
    "Mar",
    "Nor",
    "Or",
    "Per",
    "Quin",
    "Ro",
)
ENDS = (
    "ric",
    "wen",
    "dan",
    "lia",
    "mond",
    "sa",
    "vin",
    "ra",
    "thea",
    "lin",
    "bert",
    "na",
    "dor",
    "mira",
    "ston",
    "bel",
)
SURNAME_ENDS = ("field", "worth", "mere", "holt", "ley", "grove", "wick", "combe", "stead", "brook", "shaw", "den")
ADJECTIVES = (
    "Silent", "Crooked", "Golden", "Hidden", "Last", "Broken", "Distant", "Burning", "Quiet", "Hollow", "Winter",
    "Scarlet", "Pale", "Wandering", "Forgotten", "Second", "Blue", "Northern", "Sleeping", "Iron",
)  # fmt: skip
NOUNS = (
    "Door", "Garden", "Letter", "Harbour", "Mirror", "Orchard", "Promise", "Stair", "Bell", "Crossing", "Daughter",
    "Inheritance", "Lantern", "Map", "Neighbour", "Parish", "Season", "Stranger", "Tide", "Window", "Year", "Verdict",
)  # fmt: skip
SUBTITLES = ("A Novel", "A Tale", "Stories", "Book of the Year", "Unabridged")
SENTENCES = {
    genre: (
        f"A {mood} work of {genre.lower()} that {verb} to the last page.",
        f"Readers of {genre.lower()} will feel at home.",
        f"{trait} and {mood}, it belongs on every {genre.lower()} shelf.",
    )
    for genre, mood, verb, trait in zip(
        GENRES,
        ("puzzling", "tender", "enchanted", "far-sighted", "richly detailed", "breathless", "daring", "chilling",
         "frank", "restless", "wry", "lyrical"),
        ("keeps its secret", "warms", "casts its spell", "asks its question", "stays true to its age", "races",
         "presses on", "unsettles", "confides", "wanders", "amuses", "sings"),
        ("Clever", "Heartfelt", "Magical", "Inventive", "Well researched", "Tense", "Bold", "Dark", "Honest", "Curious",
         "Funny", "Spare"),
        strict=True,
    )
}  # fmt: skip
FILLERS = (
    "The second edition has a new foreword.",
    "Chapters are short and the print is large.",
    "Printed on acid-free paper with a sewn binding.",
    "Discussion questions for reading groups are included.",
    "The author lives by the sea.",
    "First published to warm reviews.",
)


def distinct(make: Callable[[], str], count: int) -> list[str]:
    """Draw until there are ``count`` different names, in the order drawn."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None
    return list(found)


def person(generator: np.random.Generator) -> str:
    """A made-up first and last name."""
    first = str(generator.choice(STARTS)) + str(generator.choice(ENDS))
    return f"{first} {generator.choice(STARTS)}{generator.choice(SURNAME_ENDS)}"


def title(generator: np.random.Generator) -> str:
    """A made-up title; those of one shop may coincide, as real ones do."""
    words = f"The {generator.choice(ADJECTIVES)} {generator.choice(NOUNS)}"
    if generator.random() < 0.6:
        words += f" of {generator.choice(STARTS)}{generator.choice(SURNAME_ENDS)}"
    return words
