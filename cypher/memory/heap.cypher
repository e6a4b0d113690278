// How much memory Java may use at most, in bytes.
CALL gds.debug.sysInfo() YIELD key, value
WHERE key = 'heapMaxInBytes'
RETURN value AS bytes
