package engine

import "sealdesk/internal/api"

// register lists what the engine serves, which is all that the platform has: one line an action.
func (e *Engine) register() {
	handle(e, api.CreateSubOrganization, e.createSubOrganization)
	handle(e, api.CreateSubOrganizationAndSeal, e.createSubOrganizationAndSeal)
	handle(e, api.VerifySubOrganization, e.verifySubOrganization)
	handle(e, api.ModifySubOrganizationInfo, e.modifySubOrganizationInfo)
	handle(e, api.DescribeSubOrganizations, e.describeSubOrganizations)

	handle(e, api.CreateUser, e.createUser)
	handle(e, api.CreateUserAndSeal, e.createUserAndSeal)
	handle(e, api.ModifyUser, e.modifyUser)
	handle(e, api.VerifyUser, e.verifyUser)
	handle(e, api.DescribeUsers, e.describeUsers)

	handle(e, api.CreateSeal, e.createSeal)
	handle(e, api.GenerateOrganizationSeal, e.generateOrganizationSeal)
	handle(e, api.GenerateUserSeal, e.generateUserSeal)
	handle(e, api.ModifySeal, e.modifySeal)
	handle(e, api.DeleteSeal, e.deleteSeal)
	handle(e, api.ModifyOrganizationDefaultSeal, e.modifyOrganizationDefaultSeal)
	handle(e, api.ModifyUserDefaultSeal, e.modifyUserDefaultSeal)
	handle(e, api.DescribeSeals, e.describeSeals)

	// not the platform's: see docs/divergences.md
	handle(e, api.SetSealUse, e.setSealUse)
	handle(e, api.SetOrganizationMembers, e.setOrganizationMembers)
	handle(e, api.SetUserAccount, e.setUserAccount)
	handle(e, api.CreateAccountSignUrl, e.createAccountSignURL)

	handle(e, api.UploadFiles, e.uploadFiles)
	handle(e, api.DescribeFileUrls, e.describeFileUrls)
	handle(e, api.DescribeFileIdsByCustomIds, e.describeFileIdsByCustomIds)

	handle(e, api.CreateFlowByFiles, e.createFlowByFiles)
	handle(e, api.SendFlow, e.sendFlow)
	handle(e, api.SendFlowUrl, e.sendFlowURL)
	handle(e, api.CancelFlow, e.cancelFlow)
	handle(e, api.ArchiveFlow, e.archiveFlow)
	handle(e, api.DestroyFlowFile, e.destroyFlowFile)
	handle(e, api.DescribeFlow, e.describeFlow)
	handle(e, api.DescribeFlowApprovers, e.describeFlowApprovers)
	handle(e, api.DescribeFlowFiles, e.describeFlowFiles)
	handle(e, api.DescribeCustomFlowIds, e.describeCustomFlowIds)
	handle(e, api.DescribeCustomFlowIdsByFlowId, e.describeCustomFlowIdsByFlowID)
	handle(e, api.DescribeCatalogApprovers, e.describeCatalogApprovers)
	handle(e, api.DescribeCatalogSignComponents, e.describeCatalogSignComponents)

	handle(e, api.CreateSignUrl, e.createSignURL)
	handle(e, api.CreatePreviewSignUrl, e.createPreviewSignURL)
	handle(e, api.SignFlow, e.signFlow)
	handle(e, api.CreateServerFlowSign, e.createServerFlowSign)
	handle(e, api.RejectFlow, e.rejectFlow)

	handle(e, api.SendSignInnerVerifyCode, e.sendSignInnerVerifyCode)
	handle(e, api.CheckVerifyCodeMatchFlowId, e.checkVerifyCodeMatchFlowID)

	handleSimulated(e, api.CheckIdCardVerification, e.checkIDCardVerification)
	handleSimulated(e, api.CheckMobileAndName, e.checkMobileAndName)
	handleSimulated(e, api.CheckMobileVerification, e.checkMobileVerification)
	handleSimulated(e, api.CheckBankCard2EVerification, e.checkBankCard2E)
	handleSimulated(e, api.CheckBankCard3EVerification, e.checkBankCard3E)
	handleSimulated(e, api.CheckBankCard4EVerification, e.checkBankCard4E)
	handleSimulated(e, api.CheckBankCardVerification, e.checkBankCardVerification)
	handleSimulated(e, api.CreateFaceIdSign, e.createFaceIDSign)
	handleSimulated(e, api.CreateH5FaceIdUrl, e.createH5FaceIDURL)
	handleSimulated(e, api.CheckFaceIdentify, e.checkFaceIdentify)
	handleSimulated(e, api.DescribeFaceIdResults, e.describeFaceIDResults)
	handleSimulated(e, api.DescribeFaceIdPhotos, e.describeFaceIDPhotos)
}
