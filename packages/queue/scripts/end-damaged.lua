--[[ Fails a job that a worker was given and cannot read, once, and makes its hash one that BullMQ can read:
  it reads the options, the progress and the counts of every job that it takes, moves or lists, and throws
  at the first that it cannot.
  KEYS[1] job hash  [2] lock  [3] active  [4] stalled  [5] failed  [6] event stream
  ARGV[1] job id  [2] failed reason  [3] start of the tokens of the worker that asks
  returns "failed", "vanished" when the hash was gone and BullMQ made an empty one, or "not_ours" when the
  job runs elsewhere or is ended already
]]
local owner = redis.call("GET", KEYS[2])
if owner and string.sub(owner, 1, #ARGV[3]) ~= ARGV[3] then return "not_ours" end
if redis.call("LREM", KEYS[3], 0, ARGV[1]) == 0 then return "not_ours" end
redis.call("SREM", KEYS[4], ARGV[1])
redis.call("DEL", KEYS[2])
if redis.call("TYPE", KEYS[1]).ok ~= "hash" then
  redis.call("DEL", KEYS[1])
elseif redis.call("HEXISTS", KEYS[1], "data") + redis.call("HEXISTS", KEYS[1], "timestamp") == 0 then
  redis.call("DEL", KEYS[1])
  return "vanished" -- the manifest beside its input brings it back
end

local time = redis.call("TIME")
local now = time[1] .. string.format("%03d", math.floor(tonumber(time[2]) / 1000))
local was = redis.call("HMGET", KEYS[1], "data", "ats", "atm", "stc", "timestamp")
if was[1] then redis.call("HSET", KEYS[1], "drover:damaged", was[1]) end
for i, count in ipairs({ "ats", "atm", "stc" }) do
  if not string.match(was[i + 1] or "0", "^%d+$") then redis.call("HSET", KEYS[1], count, 0) end
end
if not string.match(was[5] or "", "^%d+$") then redis.call("HSET", KEYS[1], "timestamp", now) end
redis.call("HDEL", KEYS[1], "parent", "defa", "stacktrace", "returnvalue", "drover:cancel")
redis.call("HSET", KEYS[1], "data", "{}", "opts", "{}", "progress", "0",
  "finishedOn", now, "failedReason", ARGV[2])
redis.call("ZADD", KEYS[5], now, ARGV[1])
redis.call("XADD", KEYS[6], "MAXLEN", "~", 10000, "*", "event", "failed", "jobId", ARGV[1],
  "failedReason", ARGV[2], "prev", "active")
return "failed"
