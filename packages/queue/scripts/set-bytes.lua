--[[ Notes how many bytes a kept job takes in the store, and keeps the sum of its tenant's.
  KEYS[1] bytes of the jobs (hash: job → "<bytes> <tenant>")  [2] sums (hash: tenant → bytes)
  ARGV[1] job id  [2] tenant  [3] bytes; "" when the job is gone: the tenant is then the one that was noted
]]
local noted = redis.call("HGET", KEYS[1], ARGV[1])
if noted then
  local bytes, tenant = string.match(noted, "^(%d+) (.+)$")
  if redis.call("HINCRBY", KEYS[2], tenant, -bytes) <= 0 then redis.call("HDEL", KEYS[2], tenant) end
end
if ARGV[3] == "" then
  redis.call("HDEL", KEYS[1], ARGV[1])
else
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[3] .. " " .. ARGV[2])
  redis.call("HINCRBY", KEYS[2], ARGV[2], ARGV[3])
end
