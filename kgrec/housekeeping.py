"""Categories by which Wikipedia keeps house, of whatever subject: they tell nothing of what stands in them."""

import re

# Queries that run in Neo4j Browser by themselves hold it too, letter by letter: cypher/explore.
HOUSEKEEPING = (
    r"^(All )?(articles|pages|Wikipedia articles|Wikipedia introduction|Wikimedia projects|CS1|Webarchive|"
    r"Use \S+ (dates|English))\b"
    r"|\b(articles|pages) (containing|lacking|needing|requiring|to be|using|with|without)\b"
    r"|^(Date|Place|Year) of .* (missing|unknown|uncertain)\b|\bstubs$"
    r"|^(?>.*?-related ).*articles$|^Short description\b"
)
_SEARCHED = re.compile(HOUSEKEEPING, re.IGNORECASE)


def keeps_house(name: str) -> bool:
    """Say whether a feature of this name is such a category, as "Articles with short description" is."""
    return _SEARCHED.search(name) is not None
