package api

// CreateSignUrl makes a link by which one approver signs a flow or a catalog. They must have been sent it before.
var CreateSignUrl = Action[CreateSignUrlRequest, CreateSignUrlResponse]{"CreateSignUrl"}

// CreateSignUrlRequest is what CreateSignUrl takes.
type CreateSignUrlRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// Deadline is when the link ends, in Unix seconds.
	Deadline  int64  `json:"Deadline" validate:"required"`
	CatalogId string `json:"CatalogId,omitempty" validate:"required_if=SignUrlType CATALOG"`
	FlowId    string `json:"FlowId,omitempty" validate:"required_unless=SignUrlType CATALOG"`
	// SignUrlType is FLOW (also where it is empty) or CATALOG.
	SignUrlType string `json:"SignUrlType,omitempty" validate:"omitempty,oneof=FLOW CATALOG"`
	// SignId may be empty while the user has only one signing open in the flow.
	SignId string `json:"SignId,omitempty"`
}

// CreateSignUrlResponse is what CreateSignUrl answers.
type CreateSignUrlResponse struct {
	SignUrl   string `json:"SignUrl"`
	RequestId string `json:"RequestId"`
}

// CreatePreviewSignUrl makes a link by which a flow or a catalog can be read, not signed.
var CreatePreviewSignUrl = Action[CreatePreviewSignUrlRequest, CreatePreviewSignUrlResponse]{"CreatePreviewSignUrl"}

// CreatePreviewSignUrlRequest is what CreatePreviewSignUrl takes.
type CreatePreviewSignUrlRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// Deadline is when the link ends, in Unix seconds.
	Deadline  int64  `json:"Deadline" validate:"required"`
	CatalogId string `json:"CatalogId,omitempty" validate:"required_if=SignUrlType CATALOG"`
	FlowId    string `json:"FlowId,omitempty" validate:"required_unless=SignUrlType CATALOG"`
	// SignUrlType is FLOW (also where it is empty) or CATALOG.
	SignUrlType string `json:"SignUrlType,omitempty" validate:"omitempty,oneof=FLOW CATALOG"`
}

// CreatePreviewSignUrlResponse is what CreatePreviewSignUrl answers.
type CreatePreviewSignUrlResponse struct {
	PreviewSignUrl string `json:"PreviewSignUrl"`
	RequestId      string `json:"RequestId"`
}

// SignFlow signs for the approver that Caller.OperatorId and Caller.SubOrganizationId name. The last approver by IsLastApprover
// also archives the flow.
var SignFlow = Action[SignFlowRequest, SignFlowResponse]{"SignFlow"}

// SignFlowRequest is what SignFlow takes.
type SignFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	// VerifyResult is what the channel gave: a ticket (WEIXINAPP), an order number (FACEID), a code (VERIFYCODE), nothing (NONE).
	VerifyResult string `json:"VerifyResult" validate:"required_unless=VerifyChannel NONE" mask:"secret"`
	// VerifyChannel is how the signer shows their will; see the VerifyChannel constants.
	VerifyChannel string `json:"VerifyChannel" validate:"required,oneof=WEIXINAPP FACEID VERIFYCODE THIRD NONE OFFLINE"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	// SignSeals name what goes into each component.
	SignSeals []SignSeal `json:"SignSeals" validate:"required,dive"`
	// ApproveMessage is what the approver said.
	ApproveMessage string `json:"ApproveMessage,omitempty"`
	// SignId may be empty while the operator has only one signing open in the flow.
	SignId string `json:"SignId,omitempty"`
}

// SignFlowResponse is what SignFlow answers.
type SignFlowResponse struct {
	// Status is SUCCESS, or REVIEW while somebody looks at it.
	Status    string `json:"Status"`
	RequestId string `json:"RequestId"`
}

// RejectFlow refuses to sign, which ends the flow.
var RejectFlow = Action[RejectFlowRequest, RejectFlowResponse]{"RejectFlow"}

// RejectFlowRequest is what RejectFlow takes.
type RejectFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	// VerifyResult is what the channel gave: a ticket (WEIXINAPP), an order number (FACEID), a code (VERIFYCODE), nothing (NONE).
	VerifyResult string `json:"VerifyResult" validate:"required_unless=VerifyChannel NONE" mask:"secret"`
	// VerifyChannel is how the signer shows their will; see the VerifyChannel constants.
	VerifyChannel string `json:"VerifyChannel" validate:"required,oneof=WEIXINAPP FACEID VERIFYCODE THIRD NONE OFFLINE"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	// RejectMessage is the reason.
	RejectMessage string `json:"RejectMessage,omitempty"`
	// SignId may be empty while the operator has only one signing open in the flow.
	SignId string `json:"SignId,omitempty"`
}

// RejectFlowResponse is what RejectFlow answers.
type RejectFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// CreateServerFlowSign puts the initiator's seals into a flow without anyone opening a page (white list).
var CreateServerFlowSign = Action[CreateServerFlowSignRequest, CreateServerFlowSignResponse]{"CreateServerFlowSign"}

// CreateServerFlowSignRequest is what CreateServerFlowSign takes.
type CreateServerFlowSignRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	// SignComponents may name areas of the flow by ComponentId and FileIndex only.
	SignComponents []Component `json:"SignComponents" validate:"required,min=1,dive"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
}

// CreateServerFlowSignResponse is what CreateServerFlowSign answers.
type CreateServerFlowSignResponse struct {
	// SignStatus is 1 when it was done and 0 when not.
	SignStatus int64  `json:"SignStatus"`
	RequestId  string `json:"RequestId"`
}

// SendSignInnerVerifyCode sends a code by text message that shows the will to sign. A mobile gets at most 1 in 30 seconds, 5 in a
// clock hour and 10 in a calendar day.
var SendSignInnerVerifyCode = Action[SendSignInnerVerifyCodeRequest, SendSignInnerVerifyCodeResponse]{"SendSignInnerVerifyCode"}

// SendSignInnerVerifyCodeRequest is what SendSignInnerVerifyCode takes.
type SendSignInnerVerifyCodeRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	Mobile string `json:"Mobile" validate:"required" mask:"mobile"`
	// VerifyType is SIGN.
	VerifyType string `json:"VerifyType" validate:"required,oneof=SIGN"`
	UserId     string `json:"UserId,omitempty"`
	// VerifyTemplateId and VerifySign name the text and the sender of the message.
	VerifyTemplateId string `json:"VerifyTemplateId,omitempty"`
	VerifySign       string `json:"VerifySign,omitempty"`
	// FlowId binds the code to a flow or a catalog.
	FlowId string `json:"FlowId,omitempty"`
	// CheckThreeElementResult is 1 to compare mobile, name and card of the user first.
	CheckThreeElementResult int64 `json:"CheckThreeElementResult,omitempty"`
}

// SendSignInnerVerifyCodeResponse is what SendSignInnerVerifyCode answers.
type SendSignInnerVerifyCodeResponse struct {
	// Result is true when the message was sent.
	Result    bool   `json:"Result"`
	RequestId string `json:"RequestId"`
}

// CheckVerifyCodeMatchFlowId tells whether a code was sent to the mobile for that flow.
var CheckVerifyCodeMatchFlowId = Action[CheckVerifyCodeMatchFlowIdRequest, CheckVerifyCodeMatchFlowIdResponse]{"CheckVerifyCodeMatchFlowId"}

// CheckVerifyCodeMatchFlowIdRequest is what CheckVerifyCodeMatchFlowId takes.
type CheckVerifyCodeMatchFlowIdRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	Mobile string `json:"Mobile" validate:"required" mask:"mobile"`
	// VerifyCode is the code that was sent.
	VerifyCode string `json:"VerifyCode" validate:"required" mask:"secret"`
	FlowId     string `json:"FlowId" validate:"required"`
}

// CheckVerifyCodeMatchFlowIdResponse is what CheckVerifyCodeMatchFlowId answers.
type CheckVerifyCodeMatchFlowIdResponse struct {
	Success bool `json:"Success"`
	// Result is 0 right, 1 wrong or expired, 2 wrong, 3 for another flow, 4 too many tries, 5 internal error, 6 wrong parameter.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}
