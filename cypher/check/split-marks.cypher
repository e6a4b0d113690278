// Every interaction is for training, validation or the test, or came by feedback and waits for the next training.
// Remedy: A load or `kgrec load split` was interrupted: run it again.
MATCH (user:User)-[interaction:INTERACTED]->(item:Item)
WHERE NOT coalesce(interaction.split, '') IN ['train', 'validation', 'test', 'feedback']
RETURN user.user_id + ', item ' + item.item_id AS what
