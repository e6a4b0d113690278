// By leave-one-out, a user's last interaction is for the test, the one before for validation, all others for training.
// Users with fewer than three only train. What feedback brought is in no part before the next training of the personas.
// Remedy: Run `kgrec load split --by leave-one-out`.
OPTIONAL MATCH (split:Split {name: 'current'})
WITH split WHERE coalesce(split.by, 'leave-one-out') = 'leave-one-out'
MATCH (user:User)
WHERE NOT user:Changed
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WHERE coalesce(interaction.split, '') <> 'feedback'
  WITH interaction, item
  ORDER BY interaction.timestamp IS NOT NULL, interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect(coalesce(interaction.split, '')) AS parts
}
WITH user, parts, CASE WHEN size(parts) < 3 THEN size(parts) ELSE size(parts) - 2 END AS training
WHERE NOT '' IN parts // that is said by another check
  AND (any(part IN parts[..training] WHERE part <> 'train')
       OR size(parts) > 2 AND parts[training..] <> ['validation', 'test'])
RETURN user.user_id AS what
