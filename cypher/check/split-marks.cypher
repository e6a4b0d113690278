// Every interaction is for training, validation or the test.
// Remedy: A load or `kgrec load split` was interrupted: run it again.
MATCH (user:User)-[interaction:INTERACTED]->(item:Item)
WHERE NOT coalesce(interaction.split, '') IN ['train', 'validation', 'test']
RETURN user.user_id + ', item ' + item.item_id AS what
