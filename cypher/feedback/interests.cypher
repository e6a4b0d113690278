// What users say they are interested in. The profiles that are made of their items are apart: INTERESTED_IN, in runs.
UNWIND $rows AS row
MATCH (feature)
WHERE elementId(feature) = row.feature
MERGE (user:User {user_id: row.user_id})
ON CREATE SET user.name = row.user_id
MERGE (user)-[interest:STATED_INTEREST]->(feature)
ON CREATE SET interest.timestamp = row.timestamp
