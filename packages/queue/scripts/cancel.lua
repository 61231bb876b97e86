--[[ Ends a job that waits, or marks one that runs; never touches a finished one.
  KEYS[1] job hash  [2] completed  [3] failed  [4] delayed  [5] active  [6] wait  [7] prioritized  [8] paused
    [9] event stream  [10] history
  ARGV[1] job id  [2] failed reason that means cancelled  [3] history limit  [4] history TTL in ms
  Stands after `lines.lua`.
  returns "not_found" | "already_finished" | "cancelled" | "cancelling"
]]
local id = ARGV[1]
local time = redis.call("TIME")
local now = time[1] .. string.format("%03d", math.floor(tonumber(time[2]) / 1000))
if redis.call("EXISTS", KEYS[1]) == 0 then return "not_found" end
if redis.call("ZSCORE", KEYS[2], id) or redis.call("ZSCORE", KEYS[3], id) then return "already_finished" end

redis.call("ZREM", lineOf(tenantOf(id)), id)
local removed = redis.call("ZREM", KEYS[7], id) + redis.call("ZREM", KEYS[4], id)
  + redis.call("LREM", KEYS[6], 1, id) + redis.call("LREM", KEYS[8], 1, id)
if removed > 0 then
  redis.call("HSET", KEYS[1], "finishedOn", now, "failedReason", ARGV[2])
  redis.call("HDEL", KEYS[1], "drover:cancel")
  redis.call("ZADD", KEYS[3], now, id)
  redis.call("XADD", KEYS[9], "MAXLEN", "~", 10000, "*", "event", "failed", "jobId", id,
    "failedReason", ARGV[2], "prev", "waiting")
  return "cancelled"
end

if redis.call("HSETNX", KEYS[1], "drover:cancel", now) == 1 then
  local attempt = redis.call("HGET", KEYS[1], "ats") or "0"
  redis.pcall("RPUSH", KEYS[10], '{"type":"cancel_requested","at":' .. now .. ',"attempt":' .. attempt .. "}")
  redis.pcall("LTRIM", KEYS[10], -tonumber(ARGV[3]), -1)
  redis.pcall("PEXPIRE", KEYS[10], ARGV[4])
end
return "cancelling"
