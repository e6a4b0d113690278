// Where the member of a cluster answers that writes to $database, as it advertises itself; a single server is its own.
CALL dbms.routing.getRoutingTable({}, $database) YIELD servers
UNWIND servers AS server
WITH server WHERE server.role = 'WRITE'
RETURN server.addresses[0] AS address
