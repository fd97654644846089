// The ward board. Text is only ever set through textContent; rows are kept by key so that the keyboard
// focus survives a refresh; a watchdog of the browser's own says STALE when the server falls silent.

const boards = new WeakMap()
const OVERTAKEN_MS = 10000
const ANSWERED_MS = 20000 // longer than a proxy waits (deploy/): it must see that a process hangs, to ask the other

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function chip(grade) {
  const made = element("span", `chip ${grade.state}`)
  made.dataset.grade = grade.shade
  const face = element("span", "face")
  face.setAttribute("aria-hidden", "true")
  if (grade.glyph !== null) {
    const glyph = element("span", "glyph")
    glyph.style.setProperty("--turn", `${grade.glyph * 90}deg`)
    face.append(glyph)
  }
  face.append(element("span", "number", grade.text))
  made.append(face, element("span", "spoken", grade.spoken))
  return made
}

function gradeCell(grade) {
  const parts = [element("span", "heading", grade.label), chip(grade)]
  if (grade.worst) parts.push(element("span", "worst", grade.worst))
  return parts
}

function vitalCell(vital) {
  const value = element(vital.old ? "s" : "span", vital.notable ? "value notable" : "value", vital.text)
  const parts = [element("span", "heading", vital.label), value]
  if (vital.old) parts.splice(1, 0, element("span", "spoken", "old value"))
  if (vital.age) parts.push(element("span", vital.old ? "age late" : "age", vital.age))
  return parts
}

function whyCell(row) {
  const parts = [element("span", "why", row.why)]
  if (row.then) parts.push(element("span", "then", row.then))
  if (row.seen) parts.push(element("span", "seen", row.seen))
  return parts
}

function dueCell(row) {
  return [element("span", row.overdue ? "due late" : "due", row.due), element("span", "detail", row.dueDetail)]
}

function fill(cell, content, build) {
  const signature = JSON.stringify(content)
  if (cell.dataset.shown === signature) return
  cell.dataset.shown = signature
  cell.replaceChildren(...build(content))
}

function newRow(columns, open) {
  const row = element("tr")
  row.setAttribute("role", "row")
  for (const column of columns) {
    const head = column.kind === "patient"
    const cell = element(head ? "th" : "td", column.kind)
    cell.setAttribute("role", head ? "rowheader" : "cell")
    if (head) {
      cell.scope = "row"
      const button = element("button", "open")
      button.type = "button"
      button.append(element("span", "name"), element("span", "subtitle"))
      button.onclick = () => open(row.dataset.key)
      cell.append(button)
    }
    row.append(cell)
  }
  return row
}

function drawRow(row, columns, content) {
  row.className = [content.level, content.silent ? "silent" : ""].join(" ").trim()
  columns.forEach((column, index) => {
    const cell = row.children[index]
    if (column.kind === "bed") fill(cell, content.bed, (bed) => [element("span", "number", bed)])
    if (column.kind === "patient") {
      cell.querySelector(".name").textContent = content.name
      cell.querySelector(".subtitle").textContent = content.subtitle
    }
    if (column.kind === "grade") fill(cell, content.grades[column.key], gradeCell)
    if (column.kind === "reason") fill(cell, { why: content.why, then: content.then, seen: content.seen }, whyCell)
    if (column.kind === "vital") fill(cell, content.vitals[column.key], vitalCell)
    if (column.kind === "next") {
      fill(cell, { due: content.due, dueDetail: content.dueDetail, overdue: content.overdue }, dueCell)
    }
  })
}

function drawTable(board, data, open) {
  const shape = JSON.stringify(data.columns)
  if (board.shape !== shape) {
    board.shape = shape
    board.head.replaceChildren(
      ...data.columns.map((column) => {
        const cell = element("th", column.kind, column.label)
        cell.scope = "col"
        cell.setAttribute("role", "columnheader")
        return cell
      }),
    )
    board.body.replaceChildren()
  }
  const focused = board.root.getRootNode().activeElement
  const known = new Map([...board.body.children].map((row) => [row.dataset.key, row]))
  data.rows.forEach((content, place) => {
    const row = known.get(content.key) ?? newRow(data.columns, open)
    known.delete(content.key)
    row.dataset.key = content.key
    drawRow(row, data.columns, content)
    if (board.body.children[place] !== row) board.body.insertBefore(row, board.body.children[place] ?? null)
  })
  for (const gone of known.values()) gone.remove()
  if (focused && focused.isConnected && board.body.contains(focused)) focused.focus({ preventScroll: true })
}

function watch(board) {
  const seconds = Math.round((Date.now() - board.heardAt) / 1000)
  const stale = seconds > board.staleAfter
  board.section.classList.toggle("stale", stale)
  const words = stale ? `STALE: no data for ${seconds} s` : board.liveText
  if (board.live.textContent !== words) board.live.textContent = words
}

function opened(root) {
  const find = (selector) => root.querySelector(selector)
  const board = {
    root,
    section: find(".board"),
    head: find("thead tr"),
    body: find("tbody"),
    live: find(".live"),
    heardAt: Date.now(),
    shown: null,
    shape: null,
  }
  board.timer = setInterval(() => watch(board), 1000)
  board.fetcher = setInterval(() => fetchBoard(board), 1000)
  boards.set(root, board)
  return board
}

function show(board, data) {
  board.section.classList.toggle("troubled", Boolean(data.trouble))
  const find = (selector) => board.root.querySelector(selector)
  find(".title").textContent = data.title
  find("caption").textContent = data.caption
  find(".counts").replaceChildren(
    ...data.counts.flatMap(({ number, words }, place) => [
      ...(place ? [document.createTextNode(" · ")] : []),
      element("b", "", number),
      document.createTextNode(` ${words}`),
    ]),
  )
  const trouble = find(".trouble")
  trouble.hidden = !data.trouble
  trouble.textContent = data.trouble
  const empty = find(".empty")
  empty.hidden = data.rows.length > 0
  empty.textContent = data.empty
  find("table").hidden = data.rows.length === 0
  drawTable(board, data, board.open)
  find("footer").textContent = data.rows.length > 0 ? data.legend : ""
  // last of all: what could not be drawn is not live
  if (board.shown?.asOf !== data.asOf) board.heardAt = Date.now()
  board.shown = data
  board.staleAfter = data.staleAfter
  board.live.dataset.asOf = data.printed
  board.liveText = data.trouble ? data.liveText : `live ${data.liveText}`
  watch(board)
}

// What was shown last stays, marked as not live: the server is there and its store is not.
function unanswered(board) {
  show(board, { ...board.shown, ...board.shown.unanswered })
}

// An answer that is a little older than what is shown was overtaken on its way. One that is much older comes from a
// clock that was moved back.
function isNews(board, data) {
  const later = Date.parse(data.asOf) - Date.parse(board.shown.asOf)
  return later > 0 || later < -OVERTAKEN_MS
}

// A proxy in front says 503 in words of its own, and of the store it knows nothing.
function saysSilent(answer) {
  return answer.status === 503 && (answer.headers.get("content-type") ?? "").startsWith("application/json")
}

// The board is fetched every second for as long as it is looked at.
async function fetchBoard(board) {
  if (board.fetching || document.hidden) return
  board.fetching = true
  try {
    const answer = await fetch(`/api/board?of=${board.of}`, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWERED_MS), // else one that hangs keeps every other from being sent
    })
    const fetched = answer.ok ? await answer.json() : null
    if (!boards.has(board.root)) return
    if (fetched && isNews(board, fetched)) show(board, fetched)
    if (saysSilent(answer)) unanswered(board)
  } catch {
    // the server is out of reach, or what it sent cannot be drawn: the watchdog says so
  } finally {
    board.fetching = false
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const board = boards.get(parentElement) ?? opened(parentElement)
  document.documentElement.lang = data.lang
  board.of = data.of
  board.open = (key) => setTriggerValue("open", key)
  if (board.shown === null) show(board, data)
  else if (data.silent) unanswered(board)
  else if (isNews(board, data)) show(board, data)
  return () => {
    clearInterval(board.timer)
    clearInterval(board.fetcher)
    boards.delete(parentElement)
  }
}
