// The domains of the graph; predicates and types go together, place by place.
MATCH (domain:Domain)
WHERE domain.name IS NOT NULL // so that the key's index gives the order
RETURN domain.name AS name, domain.digest AS digest, domain.meta_paths AS meta_paths, domain.classes AS classes,
       domain.predicates AS predicates, domain.types AS types
ORDER BY name
