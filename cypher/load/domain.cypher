// What a domain's file says that later stages need; said anew, it takes the place of what was said before.
MERGE (domain:Domain {name: $domain})
SET domain.digest = $digest, domain.meta_paths = $meta_paths, domain.classes = $classes,
    domain.predicates = $predicates, domain.types = $types
