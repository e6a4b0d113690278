// Has anything been loaded that metadata could belong to?
RETURN EXISTS { (:Item) } AS found
