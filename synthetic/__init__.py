"""A made-up book shop in true Amazon and DBpedia formats, for the demo and the tests."""
