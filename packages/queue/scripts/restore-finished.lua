--[[ Gives a job the end that Redis forgot, whether the job is gone, back in line, or back at an earlier end.
  Or adds a job that ended elsewhere.
  KEYS[1] job hash  [2] completed  [3] failed  [4] active  [5] delayed  [6] prioritized  [7] wait  [8] paused
    [9] event stream  [10] history  [11] lock
  ARGV[1] job id  [2] time of the end, ms since the epoch  [3] "completed" | "failed"
    [4] return value or failed reason  [5] history limit  [6] history TTL in ms
    [7] when its retention begins, ms since the epoch
    [8] input key of an imported job, which no other job is replaced by; else ""
    [9...] fields of a new job hash: name, value, …
  returns "restored"
    "kept"      the job has this end or a later one, or an attempt runs: its worker looks for the end itself
    "reopened"  a person's retry undid this very end
    "taken"     the job of this id has another input than the imported one
]]
local id, at, key = ARGV[1], tonumber(ARGV[2]), ARGV[8]
if redis.call("HEXISTS", KEYS[1], "data") == 1 then
  if key ~= "" then
    local isRead, data = pcall(cjson.decode, redis.call("HGET", KEYS[1], "data"))
    if not isRead or type(data) ~= "table" or type(data.input) ~= "table" or data.input.key ~= key then
      return "taken"
    end
  end
  local reopened = string.match(redis.call("HGET", KEYS[1], "drover:rearmed") or "", "^%S+")
  if reopened and tonumber(reopened) >= at then return "reopened" end
  if redis.call("LPOS", KEYS[4], id) then return "kept" end
  local score = redis.call("ZSCORE", KEYS[2], id) or redis.call("ZSCORE", KEYS[3], id)
  local ended = score and (tonumber(redis.call("HGET", KEYS[1], "finishedOn") or score) or tonumber(score))
  if ended and ended >= at then return "kept" end
end
for _, set in ipairs({ KEYS[2], KEYS[3], KEYS[5], KEYS[6] }) do redis.call("ZREM", set, id) end
for _, list in ipairs({ KEYS[4], KEYS[7], KEYS[8] }) do redis.call("LREM", list, 0, id) end
redis.call("DEL", KEYS[1], KEYS[11])
local isCompleted = ARGV[3] == "completed"
redis.call("HSET", KEYS[1], "finishedOn", ARGV[2], isCompleted and "returnvalue" or "failedReason", ARGV[4],
  unpack(ARGV, 9))
redis.call("ZADD", isCompleted and KEYS[2] or KEYS[3], ARGV[7], id)
redis.call("XADD", KEYS[9], "MAXLEN", "~", 10000, "*", "event", ARGV[3], "jobId", id, "prev", "restored")
local time = redis.call("TIME")
local now = time[1] .. string.format("%03d", math.floor(tonumber(time[2]) / 1000))
local event = key == "" and '{"type":"restored","at":' or '{"type":"imported","at":'
redis.call("RPUSH", KEYS[10], event .. now .. "}")
redis.call("LTRIM", KEYS[10], -tonumber(ARGV[5]), -1)
redis.call("PEXPIRE", KEYS[10], ARGV[6])
return "restored"
