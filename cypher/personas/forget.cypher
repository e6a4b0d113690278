// Remove the personas of earlier runs; the user vectors are overwritten by the statements that follow.
MATCH (persona:Persona)
DETACH DELETE persona
