--[[ Ends a job that waits, or marks one that runs; never touches a finished one.
  KEYS[1] job hash  [2] completed  [3] failed  [4] delayed  [5] active  [6] wait  [7] prioritized  [8] paused  [9] event stream  [10] history
  ARGV[1] job id  [2] now, ms since the epoch  [3] failed reason that means cancelled  [4] event "cancel_requested" as JSON without its attempt
  ARGV[5] history limit  [6] history TTL in ms
  returns "not_found" | "already_finished" | "cancelled" | "cancelling"
]]
local id = ARGV[1]
if redis.call("EXISTS", KEYS[1]) == 0 then return "not_found" end
if redis.call("ZSCORE", KEYS[2], id) or redis.call("ZSCORE", KEYS[3], id) then return "already_finished" end

local removed = redis.call("ZREM", KEYS[7], id) + redis.call("ZREM", KEYS[4], id)
  + redis.call("LREM", KEYS[6], 1, id) + redis.call("LREM", KEYS[8], 1, id)
if removed > 0 then
  redis.call("HSET", KEYS[1], "finishedOn", ARGV[2], "failedReason", ARGV[3])
  redis.call("HDEL", KEYS[1], "drover:cancel")
  redis.call("ZADD", KEYS[3], ARGV[2], id)
  redis.call("XADD", KEYS[9], "MAXLEN", "~", 10000, "*", "event", "failed", "jobId", id, "failedReason", ARGV[3], "prev", "waiting")
  return "cancelled"
end

if redis.call("HSETNX", KEYS[1], "drover:cancel", ARGV[2]) == 1 then
  local attempt = redis.call("HGET", KEYS[1], "ats") or "0"
  redis.pcall("RPUSH", KEYS[10], string.sub(ARGV[4], 1, -2) .. ',"attempt":' .. attempt .. "}")
  redis.pcall("LTRIM", KEYS[10], -tonumber(ARGV[5]), -1)
  redis.pcall("PEXPIRE", KEYS[10], ARGV[6])
end
return "cancelling"
