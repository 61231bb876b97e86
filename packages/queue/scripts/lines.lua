--[[ Whose job is next. Stands before scripts of ours and around scripts of BullMQ's, as `line-scripts.ts` says;
  `queue` is how the queue's keys begin. Beside BullMQ's own there are
    line:<tenant>  sorted set: the tenant's jobs that are in `prioritized`, by their scores there
    turns          sorted set: tenants with a line, or with one lately, by the number of their latest turn
    limits         hash: tenant, or "*" for all others → how many of its jobs may run at a time, or "none"
    running        hash: job → tenant, of jobs that were in `active` when they were looked at
  All that is said here can be made anew from BullMQ's keys. A job in no line waits in BullMQ's order until
  `tend-lines.lua` finds it; an entry of a job that is not in `prioritized` is dropped when it is met.
]]
local prioritized, active, turns = queue .. "prioritized", queue .. "active", queue .. "turns"

local function lineOf(tenant) return queue .. "line:" .. tenant end

-- The stored request begins with its tenant, unless it is the default one.
local function tenantOf(id)
  local data = redis.pcall("HGET", queue .. id, "data")
  return type(data) == "string" and string.match(data, '^{"tenant":"([a-z0-9-]+)"') or "default"
end

-- Puts a job that waits in its tenant's line. A tenant that comes anew has its turn before all others.
local function enter(id)
  local score = redis.call("ZSCORE", prioritized, id)
  if not score then return end
  local tenant = tenantOf(id)
  redis.call("ZADD", lineOf(tenant), score, id)
  redis.call("ZADD", turns, "NX", 0, tenant)
end

-- The first job of a line with its score, or nil. Entries that are not as BullMQ has them are mended.
local function firstOf(tenant)
  while true do
    local id, score = unpack(redis.call("ZRANGE", lineOf(tenant), 0, 0, "WITHSCORES"))
    local now = id and redis.call("ZSCORE", prioritized, id)
    if not id or now == score then return id, score end
    if now then redis.call("ZADD", lineOf(tenant), now, id) else redis.call("ZREM", lineOf(tenant), id) end
  end
end

-- The limit of a tenant, or nil.
local function limitOf(tenant)
  local own = redis.call("HMGET", queue .. "limits", tenant, "*")
  return tonumber(own[1] or own[2])
end

-- How many jobs of each tenant run, but for one that is ending. Looks up each job's tenant once.
local function runningBut(ending)
  local counts, from, tenants = {}, 0, queue .. "running"
  repeat
    local ids = redis.call("LRANGE", active, from, from + 999)
    local known = #ids > 0 and redis.call("HMGET", tenants, unpack(ids)) or {}
    for i, id in ipairs(ids) do
      local tenant = known[i] or tenantOf(id)
      if not known[i] then redis.call("HSET", tenants, id, tenant) end
      if id ~= ending then counts[tenant] = (counts[tenant] or 0) + 1 end
    end
    from = from + #ids
  until #ids < 1000
  if redis.call("HLEN", tenants) > 2 * from + 100 then redis.call("DEL", tenants) end -- most have ended
  return counts
end

-- Does what BullMQ's script would in a moment, so that jobs whose time has come are in line.
local function promoteDue(now)
  local latest = (tonumber(now) + 1) * 4096 - 1
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", queue .. "delayed", 0, latest, "LIMIT", 0, 1000)) do
    local field = redis.pcall("HGET", queue .. id, "priority")
    local priority = type(field) == "string" and tonumber(field) or 0
    if priority > 0 then
      redis.call("ZREM", queue .. "delayed", id)
      local count = redis.call("INCR", queue .. "pc") % 2 ^ 32
      redis.call("ZADD", prioritized, priority * 2 ^ 32 + count, id)
      redis.call("XADD", queue .. "events", "MAXLEN", "~", 10000, "*", "event", "waiting", "jobId", id,
        "prev", "delayed")
      redis.call("HSET", queue .. id, "delay", 0)
      enter(id)
    end
  end
end
