// Package templates holds the portal's and the signers' pages as templ views, one file a feature, each with a typed struct for its data.
//
// # Frame
//
// Page puts a content component into the portal's frame (navigation, title, main action, flash, toasts); SignLayout does so for the
// signers' pages. Every text comes from a catalogue: t(ctx, key, "Name", value, …).
//
//	templates.Page(templates.PageData{Title: …, Active: "seals", Account: …, Path: r.URL.RequestURI(), Action: sealsAction()}, SealsList(data))
//
// PageData.Nav lists the keys of the entries that the account may open; the handler decides by its permissions. ServePreferences
// answers the language and theme switches at POST /preferences in both servers.
//
// # Forms
//
//	<form method="post" action="/seals" class="form">
//		@ProblemSummary(p.Problems)
//		@TextInput(Input{Name: "SealName", Label: t(ctx, "seals.name"), Value: p.Form.SealName, Required: true, Problem: p.Problems.Of(ctx, "SealName")})
//		@Select(Choice{Name: "SealType", Label: …, Options: []Option{{Value: "OFFICIAL", Text: …}}, Value: p.Form.SealType, Problem: …})
//		@Submit(t(ctx, "common.save"))
//	</form>
//
// Forms are plain: the body boosts them. After success redirect with 303; a form that breaks a rule is answered with status 422 and its
// whole page, values kept, which is morphed in. Problems come from ProblemsOf(err) or are made by hand; their rule is a key below
// "validation.". A part that has hx-post or hx-get of its own gets a fragment, and must not redirect but send HX-Redirect.
//
// A form with files needs enctype="multipart/form-data"; its upload shows its progress by itself. hx-boost="false" on a link or form
// makes it an ordinary one: use it for downloads and for whatever changes the language or the session.
//
// # Parts
//
//	@Badge("ok", text)                    kinds: ok, wait, info, danger, neutral
//	@Icon("seal")                         names: see icons.go
//	@ButtonLink(Link{URL: "/seals/new", Text: …, Icon: "plus"}, "primary")       kinds: primary, secondary, danger, quiet
//	@Card(title) { … }                    @Facts() { @Fact(label) { value } }
//	@Table(caption, []string{…heads}) { <tr><td data-label={ head }>…</td></tr> }  turns to cards on phones
//	@FilterBar("/seals") { inputs }       @Pager(Paging{Next: url, First: url})
//	@Empty(icon, title, hint) { action }  @CopyID(id)   @Time(t)   @Steps([]Step{…})   @Timeline([]TimelineItem{…})
//	@Columns() { @Column() { … } @SidePanel() { … } }
//	@Confirm(Confirmation{ID: "delete", Title: …, Text: …, Action: "/seals/1/delete", Submit: …, Danger: true})  with @ConfirmButton("delete", text, "danger")
//	@Live("/flows/1/events") { … }        swaps itself with what the server sends
//	@Canvas(CanvasData{…})                the builder; PageData.Scripts needs "builder.js" and PageData.Wide
//	@Notice("info", text)                 kinds as Badge; a standing message in a page
//
// # Messages from the server
//
// After a redirect PageData.Flash shows a message. An htmx answer may carry the header made by ToastHeader. An htmx answer with an error
// status shows the text of its [data-error] element as a toast; ErrorPage and ErrorFragment have one.
package templates
