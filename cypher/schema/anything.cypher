// Is there anything in the graph?
RETURN EXISTS { () } AS found
