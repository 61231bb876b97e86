--[[ Clears what the earlier attempts of a failed job left, so that it can be queued as new. BullMQ's retry
  keeps the stall count and a deferred failure.
  KEYS[1] job hash  [2] failed  [3] ends that webhooks are owed of (list)
  ARGV[1] job id  [2] new data, or ""  [3] how long the caller has for BullMQ's retry, in ms
    [4] the job as it ended, as JSON: nothing else will tell of that end
  returns 1, or 0 when the job is not among the failed, or another caller is at it: the data of one must not
  meet the retry of the other
]]
local ended = redis.call("ZSCORE", KEYS[2], ARGV[1])
if not ended then return 0 end
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- A claim is of one end of the job, so that it bars no retry of the next.
local claimed, at = string.match(redis.call("HGET", KEYS[1], "drover:rearmed") or "", "^(%S+) (%d+)$")
if claimed == ended and now - tonumber(at) < tonumber(ARGV[3]) then return 0 end
redis.call("HSET", KEYS[1], "drover:rearmed", ended .. " " .. string.format("%d", now))
redis.call("HDEL", KEYS[1], "defa", "stc", "drover:lost", "progress", "stacktrace", "drover:cancel")
-- Numbers of attempts go on, so that no two attempts of a job share one; those so far do not count against
-- the new run.
redis.call("HSET", KEYS[1], "drover:released", redis.call("HGET", KEYS[1], "ats") or 0)
redis.pcall("RPUSH", KEYS[3], ARGV[4])
if ARGV[2] ~= "" then redis.call("HSET", KEYS[1], "data", ARGV[2]) end
return 1
