// Users between two personas: the second weighs almost as much as the first.
MATCH (user:User)-[membership:HAS_PERSONA]->(persona:Persona)
WITH user, membership, persona ORDER BY membership.weight DESC
WITH user, collect({name: persona.name, weight: membership.weight}) AS personas
WHERE size(personas) > 1
RETURN user.user_id AS user_id, personas[0].name AS first, round(personas[0].weight, 3) AS first_weight,
       personas[1].name AS second, round(personas[1].weight, 3) AS second_weight
ORDER BY personas[0].weight - personas[1].weight, user_id
LIMIT 20
