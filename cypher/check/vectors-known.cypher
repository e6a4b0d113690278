// Vectors of the evaluation and of items are of users and items that the graph has.
// Remedy: Run `kgrec train personas` again: a load has removed them since.
CALL () {
  MATCH (vector:EvaluationPersona)
  WHERE vector.user_id IS NOT NULL AND NOT EXISTS { (:User {user_id: vector.user_id}) }
  RETURN 'user ' + vector.user_id AS what
  UNION
  MATCH (vector:ItemPersona)
  WHERE vector.item_id IS NOT NULL AND NOT EXISTS { (:Item {item_id: vector.item_id}) }
  RETURN 'item ' + vector.item_id AS what
}
RETURN what
