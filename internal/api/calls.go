package api

import (
	"context"
	"net/http"
)

// Call is an action without its types, for whoever lets a person choose one.
type Call struct {
	Name string
	// New makes an empty request, a pointer to a struct.
	New func() any
	// Do calls the action with a request that New made, checked and recorded like any other call.
	Do func(ctx context.Context, c *Client, req any) (any, error)
}

func (a Action[Req, Resp]) untyped() Call {
	return Call{Name: a.Name, New: func() any { return new(Req) }, Do: func(ctx context.Context, c *Client, req any) (any, error) {
		return a.Call(ctx, c, req.(*Req))
	}}
}

// Calls lists all actions in the order of the platform's documents: organisations, people, seals, files, flows, signing, identity.
func Calls() []Call {
	return []Call{
		CreateSubOrganization.untyped(), CreateSubOrganizationAndSeal.untyped(), ModifySubOrganizationInfo.untyped(), VerifySubOrganization.untyped(),
		DescribeSubOrganizations.untyped(),
		CreateUser.untyped(), CreateUserAndSeal.untyped(), ModifyUser.untyped(), VerifyUser.untyped(), DescribeUsers.untyped(),
		CreateSeal.untyped(), GenerateOrganizationSeal.untyped(), GenerateUserSeal.untyped(), ModifySeal.untyped(), DeleteSeal.untyped(),
		ModifyOrganizationDefaultSeal.untyped(), ModifyUserDefaultSeal.untyped(), DescribeSeals.untyped(),
		UploadFiles.untyped(), DescribeFileIdsByCustomIds.untyped(), DescribeFileUrls.untyped(),
		CreateFlowByFiles.untyped(), SendFlow.untyped(), SendFlowUrl.untyped(), CancelFlow.untyped(), ArchiveFlow.untyped(), DestroyFlowFile.untyped(),
		DescribeFlow.untyped(), DescribeFlowApprovers.untyped(), DescribeFlowFiles.untyped(), DescribeCustomFlowIds.untyped(),
		DescribeCustomFlowIdsByFlowId.untyped(),
		CreateSignUrl.untyped(), CreatePreviewSignUrl.untyped(), SignFlow.untyped(), RejectFlow.untyped(), CreateServerFlowSign.untyped(),
		SendSignInnerVerifyCode.untyped(), CheckVerifyCodeMatchFlowId.untyped(), DescribeCatalogApprovers.untyped(), DescribeCatalogSignComponents.untyped(),
		CheckIdCardVerification.untyped(), CheckMobileAndName.untyped(), CheckMobileVerification.untyped(), CheckBankCard2EVerification.untyped(),
		CheckBankCard3EVerification.untyped(), CheckBankCard4EVerification.untyped(), CheckBankCardVerification.untyped(),
		CreateFaceIdSign.untyped(), CreateH5FaceIdUrl.untyped(), CheckFaceIdentify.untyped(), DescribeFaceIdResults.untyped(), DescribeFaceIdPhotos.untyped(),
	}
}

// Prepare makes the signed request of a call without sending it, and its body: what a program of somebody else would have to send within
// the five minutes that a signature lives.
func (c *Client) Prepare(ctx context.Context, action string, req any) (*http.Request, []byte, error) {
	body, err := c.encode(action, req)
	if err != nil {
		return nil, nil, err
	}
	signed, err := c.signed(ctx, action, body)
	return signed, body, err
}

// SetSourceIP puts the address of whoever asks into a request that has a place for it.
func SetSourceIP(req any, ip string) {
	if p, ok := field[string](req, "SourceIp"); ok {
		*p = ip
	}
}
