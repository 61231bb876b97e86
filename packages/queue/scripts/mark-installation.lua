--[[ Marks the server as one installation's, unless it is bound to one.
  KEYS[1] the mark
  ARGV[1] "new <id>" to mark a server without any mark, or "bound <id>" to bind one that is unmarked or new
  returns what the key holds now
]]
local held = redis.call("GET", KEYS[1])
local isFree = not held or (string.sub(held, 1, 4) == "new " and string.sub(ARGV[1], 1, 6) == "bound ")
if not isFree then return held end
redis.call("SET", KEYS[1], ARGV[1])
return ARGV[1]
