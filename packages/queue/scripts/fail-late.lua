--[[ Fails a job that no attempt has begun and that still waits; the caller knows that it is past its
  deadline.
  KEYS[1] job hash  [2] failed  [3] delayed  [4] prioritized  [5] wait  [6] paused  [7] event stream
  ARGV[1] job id  [2] failed reason
  Stands after `lines.lua`.
  returns 1, or 0 when the job has begun, has ended or is gone
]]
local id = ARGV[1]
if tonumber(redis.call("HGET", KEYS[1], "ats") or 0) > 0 then return 0 end
redis.call("ZREM", lineOf(tenantOf(id)), id)
local removed = redis.call("ZREM", KEYS[3], id) + redis.call("ZREM", KEYS[4], id)
  + redis.call("LREM", KEYS[5], 0, id) + redis.call("LREM", KEYS[6], 0, id)
if removed == 0 or redis.call("HEXISTS", KEYS[1], "data") == 0 then return 0 end
local time = redis.call("TIME")
local now = time[1] .. string.format("%03d", math.floor(tonumber(time[2]) / 1000))
redis.call("HSET", KEYS[1], "finishedOn", now, "failedReason", ARGV[2])
redis.call("ZADD", KEYS[2], now, id)
redis.call("XADD", KEYS[7], "MAXLEN", "~", 10000, "*", "event", "failed", "jobId", id,
  "failedReason", ARGV[2], "prev", "waiting")
return 1
