// Is there anything in the graph? Who writes to it is no part of it.
RETURN EXISTS { (:!Lock) } AS found
