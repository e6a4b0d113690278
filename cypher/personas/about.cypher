// What is noted of the current run: how its personas were chosen and numbered; see gnn.write_back.
MATCH (current:CurrentRun {kind: 'personas'})
RETURN current.run_id AS run_id, current.highest_number AS highest_number, current.stability AS stability,
       current.x_axis AS x_axis, current.y_axis AS y_axis, current.origin AS origin
