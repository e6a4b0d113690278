// Split by time: one pair of borders for everybody; what happened at a border belongs to the later part. What is marked
// so already is not written again.
// $validation_from, $test_from: epoch milliseconds.
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})-[interaction:INTERACTED]->(:Item)
WITH interaction, CASE
  WHEN interaction.timestamp >= $test_from THEN 'test'
  WHEN interaction.timestamp >= $validation_from THEN 'validation'
  ELSE 'train'
END AS split
WHERE interaction.split IS NULL OR interaction.split <> split
SET interaction.split = split
