--[[ Erases a job that is still finished, and has been since before a time. A retry that was granted first
  keeps it: one of the two wins.
  KEYS[1] job hash  [2] completed  [3] failed  [4] event stream  [5] history  [6] logs
    [7] note that the job was erased  [8] receivers that jobs name
  ARGV[1] job id  [2] time, ms since the epoch  [3] how long the note lives, in ms
  returns 1, or 0 when the job stays
]]
local id = ARGV[1]
local ended = redis.call("ZSCORE", KEYS[2], id) or redis.call("ZSCORE", KEYS[3], id)
if not ended or tonumber(ended) >= tonumber(ARGV[2]) then return 0 end
redis.call("ZREM", KEYS[2], id)
redis.call("ZREM", KEYS[3], id)
redis.call("DEL", KEYS[1], KEYS[5], KEYS[6])
redis.call("HDEL", KEYS[8], id)
redis.call("SET", KEYS[7], "1", "PX", ARGV[3])
redis.call("XADD", KEYS[4], "MAXLEN", "~", 10000, "*", "event", "removed", "jobId", id, "prev", "finished")
return 1
