// How some users are tied to items of their histories: the type of the relationship, INTERACTED where there are both.
// $user_ids and $item_ids go together, place by place.
UNWIND range(0, size($user_ids) - 1) AS place
MATCH (:User {user_id: $user_ids[place]})-[tie:INTERACTED|LIKES]->(:Item {item_id: $item_ids[place]})
RETURN $user_ids[place] AS user_id, $item_ids[place] AS item_id, min(type(tie)) AS way
