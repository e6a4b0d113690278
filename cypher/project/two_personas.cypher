// How near two personas are, and how many users belong to both.
MATCH (first:Persona {persona_id: $first})
MATCH (second:Persona {persona_id: $second})
RETURN reduce(sum = 0.0, place IN range(0, size(first.vector) - 1) | sum + first.vector[place] * second.vector[place])
         AS cosine,
       COUNT { MATCH (first)<-[:HAS_PERSONA]-(:User)-[:HAS_PERSONA]->(second) } AS both
