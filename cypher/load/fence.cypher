// Who creates interactions without asking for them, and who asks whether there are any, do so one after the other: the
// key is locked to the end of the transaction, also in one of a process that was killed. No node is left.
MERGE (fence:LoadProgress {load_id: 'first load'})
DELETE fence
