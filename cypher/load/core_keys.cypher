// The keys of the nodes that GDS names by number.
UNWIND $nodes AS node
WITH gds.util.asNode(node) AS found
RETURN found.user_id AS user_id, found.item_id AS item_id
