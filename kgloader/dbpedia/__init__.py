"""Items linked to DBpedia, and the facts around them, from an endpoint or a dump."""
