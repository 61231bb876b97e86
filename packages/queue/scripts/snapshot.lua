--[[ One job as it stands at one moment: state and fields cannot tear.
  KEYS[1] job hash  [2] completed  [3] failed  [4] delayed  [5] active  [6] wait  [7] prioritized
  ARGV[1] job id  [2] how many scores of a delayed job make a ms
  returns nil when there is no such job, else
    { state, position, due, data, opts, progress, returnvalue, failedReason, timestamp, processedOn,
    finishedOn, ats, stc, released, cancel, atm, parent }
    state     completed | failed | delayed | active | waiting
    position  1-based place in line, 0 when it is not known
    due       ms since the epoch at which a delayed job comes in line, else 0
  Something other than a hash under the job's key has no fields. A hash without data and time is no job:
  BullMQ makes it when it takes an id whose hash is gone.
  The wait list holds only jobs that come back from a lost worker; they go first. A place further back than
  1,000 in it is not counted.
]]
local fields = redis.pcall("HMGET", KEYS[1], "data", "opts", "progress", "returnvalue", "failedReason",
  "timestamp", "processedOn", "finishedOn", "ats", "stc", "drover:released", "drover:cancel", "atm", "parent")
if fields.err then
  if not string.find(fields.err, "WRONGTYPE", 1, true) then return fields end
  fields = {}
  for i = 1, 14 do fields[i] = false end
elseif not fields[1] and not fields[6] then
  return nil
end

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
    due = math.floor(tonumber(score) / tonumber(ARGV[2]))
  else
    local index = redis.call("LPOS", KEYS[6], ARGV[1], "RANK", -1, "MAXLEN", 1000)
    if index then position = redis.call("LLEN", KEYS[6]) - index end
  end
end
return { state, position, tostring(due), unpack(fields, 1, 14) }
