// Leave one out: by time, ties by their hash, without a time by line of the file, a user's last interaction is for the
// test, the one before it for validation, the rest for training. Users with fewer than three only train. What is marked
// so already is not written again.
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction
  ORDER BY interaction.timestamp IS NOT NULL, interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect(interaction) AS sequence
}
UNWIND range(0, size(sequence) - 1) AS place
WITH sequence[place] AS interaction,
     CASE
       WHEN size(sequence) < 3 THEN 'train'
       WHEN place = size(sequence) - 1 THEN 'test'
       WHEN place = size(sequence) - 2 THEN 'validation'
       ELSE 'train'
     END AS split
WHERE interaction.split IS NULL OR interaction.split <> split
SET interaction.split = split
