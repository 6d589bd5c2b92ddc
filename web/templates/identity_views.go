package templates

import (
	"context"

	"sealdesk/internal/api"
)

// faceChannels are the ways in which a face can have been checked.
func faceChannels(ctx context.Context) []Option {
	return []Option{
		{Value: api.VerifyChannelFace, Text: t(ctx, "identity.channel.FACEID")},
		{Value: api.VerifyChannelWeChat, Text: t(ctx, "identity.channel.WEIXINAPP")},
	}
}

func identityKind(o IdentityResult) string {
	if o.Passed {
		return "ok"
	}
	return "danger"
}

func faceKind(f Face) string {
	if f.Passed {
		return "ok"
	}
	return "danger"
}
