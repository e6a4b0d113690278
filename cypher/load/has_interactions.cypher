// Has the graph any interaction that a load could bring again?
RETURN EXISTS { ()-[:INTERACTED]->() } AS found
