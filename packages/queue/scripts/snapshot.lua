--[[ One job as it stands at one moment: state and fields cannot tear.
  KEYS[1] job hash  [2] completed  [3] failed  [4] delayed  [5] active  [6] wait  [7] prioritized
  ARGV[1] job id
  returns nil when there is no such job, else
    { state, position, due, data, opts, progress, returnvalue, failedReason, timestamp, processedOn, finishedOn, ats, stc, released, cancel }
    state     completed | failed | delayed | active | waiting
    position  1-based place in line, 0 when it is not known
    due       ms since the epoch at which a delayed job comes in line, else 0
  The wait list holds only jobs that come back from a lost worker; they go first. A place further back than 1,000 in it is not counted.
]]
local fields = redis.call("HMGET", KEYS[1], "data", "opts", "progress", "returnvalue", "failedReason", "timestamp",
  "processedOn", "finishedOn", "ats", "stc", "drover:released", "drover:cancel")
if not fields[1] then return nil end

local state, position, due = "waiting", 0, 0
local rank = redis.call("ZRANK", KEYS[7], ARGV[1])
if rank then
  position = rank + 1 + redis.call("LLEN", KEYS[6])
elseif redis.call("ZSCORE", KEYS[2], ARGV[1]) then
  state = "completed"
elseif redis.call("ZSCORE", KEYS[3], ARGV[1]) then
  state = "failed"
elseif redis.call("LPOS", KEYS[5], ARGV[1]) then
  state = "active"
else
  local score = redis.call("ZSCORE", KEYS[4], ARGV[1])
  if score then
    state = "delayed"
    due = math.floor(tonumber(score) / 4096) -- BullMQ keeps a counter in the low 12 bits
  else
    local index = redis.call("LPOS", KEYS[6], ARGV[1], "RANK", -1, "MAXLEN", 1000)
    if index then position = redis.call("LLEN", KEYS[6]) - index end
  end
end
return { state, position, tostring(due), unpack(fields, 1, 12) }
