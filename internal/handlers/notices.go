package handlers

import (
	"context"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// noticeRows is how many notices or deliveries a page shows.
const noticeRows = 30

// listNotices shows what the account was told.
func (s *server) listNotices(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	before := seqAfter(r)
	all, err := s.db.Notices(ctx, account(ctx), before, noticeRows+1)
	if err != nil {
		return err
	}
	data := templates.NoticesData{Now: s.now()}
	next := ""
	if len(all) > noticeRows {
		all = all[:noticeRows]
		next = strconv.FormatInt(all[noticeRows-1].ID, 10)
	}
	for _, n := range all {
		data.Notices = append(data.Notices, notice(ctx, n))
	}
	data.Paging = paging(r, next)
	p := page{Title: "notices.title", Action: templates.ButtonLink(templates.Link{URL: "/account/notices", Text: i18n.T(ctx, "notices.settings"), Icon: "settings"}, "secondary")}
	return s.render(w, r, http.StatusOK, p, templates.NoticesPage(data))
}

// seqAfter is the position in a list that is ordered by its numbers, 0 at the start.
func seqAfter(r *http.Request) int64 {
	seq, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		return 0
	}
	return seq
}

func notice(ctx context.Context, n db.Notice) templates.NoticeRow {
	row := templates.NoticeRow{ID: strconv.FormatInt(n.ID, 10), Kind: n.Kind, Text: i18n.T(ctx, "notices.kind."+n.Kind), Name: n.FlowName, Detail: n.Detail, At: n.At, Seen: n.Seen}
	switch {
	case n.Kind == db.NoticeDelivery:
		row.Detail, row.URL = i18n.T(ctx, "notices.error."+n.Detail), "/settings/deliveries"
	case n.FlowName != "":
		row.URL = "/flows/" + n.FlowID
	}
	if n.Kind == db.NoticeProblem {
		row.Detail = i18n.ErrorText(ctx, n.Detail)
	}
	return row
}

// seeNotices marks all notices of the account as seen.
func (s *server) seeNotices(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.SeeNotices(r.Context(), account(r.Context()).ID, 0); err != nil {
		return err
	}
	return s.redirect(w, r, "/notices")
}

// seeNotice marks one of them.
func (s *server) seeNotice(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return db.ErrNotFound
	}
	if err := s.db.SeeNotices(r.Context(), account(r.Context()).ID, id); err != nil {
		return err
	}
	return s.redirect(w, r, "/notices")
}

func noticeSettingsPage(ctx context.Context) page {
	return page{Title: "notices.settings.title", Back: backTo(ctx, "/notices", "notices.title")}
}

// showNoticeSettings shows what the account wants to be told.
func (s *server) showNoticeSettings(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	settings, err := s.db.NoticeSettings(ctx, account(ctx).ID)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, noticeSettingsPage(ctx), templates.NoticeSettings(s.noticeSettings(ctx, settings, nil)))
}

// noticeKinds are the kinds that the account may be told, and so may choose among: what it is not asked about it has not refused.
func noticeKinds(ctx context.Context) []string {
	return slices.DeleteFunc(slices.Clone(db.NoticeKinds()), func(kind string) bool { return kind == db.NoticeDelivery && !can(ctx, auth.SettingsRead) })
}

func (s *server) noticeSettings(ctx context.Context, settings db.NoticeSettings, problems templates.Problems) templates.NoticeSettingsData {
	data := templates.NoticeSettingsData{Mail: settings.Mail, CanMail: s.notices.Mail, Problems: problems}
	for _, kind := range noticeKinds(ctx) {
		data.Kinds = append(data.Kinds, templates.NoticeKind{Kind: kind, Text: i18n.T(ctx, "notices.kind."+kind), Shown: !slices.Contains(settings.Muted, kind),
			Mailed: !slices.Contains(settings.Unmailed, kind), CanMail: kind != db.NoticeDelivery})
	}
	return data
}

// changeNoticeSettings keeps what the account wants to be told.
func (s *server) changeNoticeSettings(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	settings := db.NoticeSettings{Mail: strings.TrimSpace(r.PostFormValue("Mail"))}
	for _, kind := range noticeKinds(ctx) {
		if !slices.Contains(r.PostForm["Shown"], kind) {
			settings.Muted = append(settings.Muted, kind)
		}
		if !slices.Contains(r.PostForm["Mailed"], kind) {
			settings.Unmailed = append(settings.Unmailed, kind)
		}
	}
	if a, err := mail.ParseAddress(settings.Mail); settings.Mail != "" && (err != nil || a.Address != settings.Mail || len(settings.Mail) > 254) {
		problems := templates.Problems{{Field: "Mail", Rule: "email"}}
		return s.renderForm(w, r, noticeSettingsPage(ctx), templates.NoticeSettings(s.noticeSettings(ctx, settings, problems)))
	}
	if err := s.db.SetNoticeSettings(ctx, account(ctx).ID, settings); err != nil {
		return err
	}
	s.flash(r, "ok", "common.saved")
	return s.redirect(w, r, "/account/notices")
}

// listDeliveries shows what was sent by mail and to the webhook, and what came of it.
func (s *server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := s.db.Deliveries(ctx, seqAfter(r), noticeRows+1)
	if err != nil {
		return err
	}
	data := templates.DeliveriesData{Mail: s.notices.Mail, Webhook: s.notices.Webhook, Now: s.now()}
	next := ""
	if len(all) > noticeRows {
		all = all[:noticeRows]
		next = strconv.FormatInt(all[noticeRows-1].ID, 10)
	}
	for _, e := range all {
		row := templates.DeliveryRow{ID: strconv.FormatInt(e.ID, 10), Channel: e.Channel, Text: i18n.T(ctx, "notices.kind."+e.Kind), State: e.State, Attempts: e.Attempts,
			At: e.Updated, Due: e.Due}
		if e.FlowID != "" {
			row.URL = "/flows/" + e.FlowID
		}
		if e.Error != "" {
			row.Error = i18n.T(ctx, "notices.error."+e.Error)
		}
		data.Rows = append(data.Rows, row)
	}
	data.Paging = paging(r, next)
	return s.render(w, r, http.StatusOK, page{Title: "notices.deliveries", Active: "settings", Back: backTo(ctx, "/settings", "settings.title")}, templates.DeliveriesPage(data))
}

// testDelivery sends a notice through a channel, whose outcome stands in the list.
func (s *server) testDelivery(w http.ResponseWriter, r *http.Request) error {
	ctx, channel := r.Context(), r.PostFormValue("Channel")
	switch {
	case channel == db.ChannelMail && s.notices.Mail:
		settings, err := s.db.NoticeSettings(ctx, account(ctx).ID)
		if err != nil {
			return err
		}
		if settings.Mail == "" {
			return refuse("notices.test.address")
		}
	case channel == db.ChannelWebhook && s.notices.Webhook:
	default:
		return refuse("notices.test.off")
	}
	if err := s.db.QueueTest(ctx, channel, account(ctx).ID); err != nil {
		return err
	}
	s.flash(r, "info", "notices.test.queued")
	return s.redirect(w, r, "/settings/deliveries")
}

// redeliver sends something again.
func (s *server) redeliver(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return db.ErrNotFound
	}
	if err := s.db.Redeliver(r.Context(), id); err != nil {
		return err
	}
	s.flash(r, "info", "notices.again.queued")
	return s.redirect(w, r, "/settings/deliveries")
}
