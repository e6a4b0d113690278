// By time, what is for training lies before the border of validation, and that before the border of the test.
// Remedy: Run `kgrec load split --by time`.
MATCH (split:Split {name: 'current', by: 'time'})
MATCH (user:User)-[interaction:INTERACTED]->(item:Item)
WHERE NOT user:Changed AND coalesce(interaction.split <> 'feedback' AND interaction.split <> CASE
  WHEN interaction.timestamp IS NULL THEN 'no part'
  WHEN interaction.timestamp >= split.test_from THEN 'test'
  WHEN interaction.timestamp >= split.validation_from THEN 'validation'
  ELSE 'train'
END, false)
RETURN user.user_id + ', item ' + item.item_id AS what
