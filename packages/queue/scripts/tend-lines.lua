--[[ What keeps the lines of a queue as they should be, a step at a time: sets the limits, and puts jobs in line that
  are in none, because an older version queued them or a script broke off.
  KEYS[1] prioritized  [2] limits  [3] marker
  ARGV[1] place in `prioritized` to look from, 0-based  [2] how many jobs to look at
    [3...] tenant, limit, … as they are to be, and no others
  returns the place to look from the next time
]]
local isSame = redis.call("HLEN", KEYS[2]) == (#ARGV - 2) / 2
for i = 3, #ARGV, 2 do isSame = isSame and redis.call("HGET", KEYS[2], ARGV[i]) == ARGV[i + 1] end
if not isSame then
  redis.call("DEL", KEYS[2])
  for i = 3, #ARGV, 2 do redis.call("HSET", KEYS[2], ARGV[i], ARGV[i + 1]) end
  if redis.call("EXISTS", KEYS[1]) == 1 then redis.call("ZADD", KEYS[3], 0, "0") end -- wakes a worker
end
local ids = redis.call("ZRANGE", KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1)
for _, id in ipairs(ids) do
  if not redis.call("ZSCORE", lineOf(tenantOf(id)), id) then enter(id) end
end
return #ids < tonumber(ARGV[2]) and 0 or ARGV[1] + ARGV[2]
